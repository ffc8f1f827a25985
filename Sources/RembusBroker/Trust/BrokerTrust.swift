package import RembusIdentity
package import RembusTrust

/// The identities and rights that a broker knows. Keys and audit log are nil for a broker that writes nothing to the
/// disk.
package struct BrokerTrust: Sendable {
    /// Administrators, tenants, private topics and grants.
    package var store: TrustStore
    /// The keys of components; nil when components cannot have keys.
    package var keys: BrokerKeys?
    /// The log of logins, refusals and administrative actions.
    package var audit: AuditLog?

    package init(store: TrustStore, keys: BrokerKeys? = nil, audit: AuditLog? = nil) {
        self.store = store
        self.keys = keys
        self.audit = audit
    }
}
