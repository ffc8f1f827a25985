import RembusWire

/// The identity of a connection, as the rules see it.
package struct Principal: Sendable, Hashable {
    /// The name that is bound to the connection; nil for an anonymous one.
    package var name: String?
    /// The tenant of the name; `.` without one (behaviour.md §2).
    package var tenant: String
    /// Whether the connection has proven the name with a key, a secret or a certificate.
    package var isProven: Bool

    package init(name: String?, tenant: String, isProven: Bool) {
        self.name = name
        self.tenant = tenant
        self.isProven = isProven
    }

    // Names are compared by bytes: one that only looks like another must not get the cached rights of that one.

    package static func == (left: Principal, right: Principal) -> Bool {
        left.isProven == right.isProven && left.name.map { ExactText($0) } == right.name.map { ExactText($0) }
            && ExactText(left.tenant) == ExactText(right.tenant)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(name.map { ExactText($0) })
        hasher.combine(ExactText(tenant))
        hasher.combine(isProven)
    }
}
