/// An action or a refusal for the audit log. It never contains a secret.
package struct AuditEvent: Sendable {
    /// The action: `login`, `register`, `admin.private_topic`, `denied.publish`, …
    package var action: String
    /// The name of the component; nil for an anonymous connection.
    package var name: String?
    /// The address of the component.
    package var address: String
    /// The outcome: `ok`, or the reason why not.
    package var outcome: String
    /// Further facts.
    package var details: [String: String]

    package init(
        action: String, name: String? = nil, address: String, outcome: String, details: [String: String] = [:]
    ) {
        self.action = action
        self.name = name
        self.address = address
        self.outcome = outcome
        self.details = details
    }
}
