/// Something that was done, or refused, and that somebody may want to know later. It never holds a secret.
package struct AuditEvent: Sendable {
    /// What: `login`, `register`, `admin.private_topic`, `denied.publish`, …
    package var action: String
    /// Who: the name that was used; nil for an anonymous connection.
    package var name: String?
    /// From where.
    package var address: String
    /// How it ended: `ok`, or a word or sentence about why not.
    package var outcome: String
    /// More about it.
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
