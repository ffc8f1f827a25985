package import RembusIdentity
package import RembusTrust

/// What a broker knows identities and rights by. ``AuditLog`` and keys are nil for a broker that keeps nothing on the disk.
package struct BrokerTrust: Sendable {
    /// Administrators, tenants, private topics and grants.
    package var store: TrustStore
    /// The keys of components; nil when no component can have one.
    package var keys: BrokerKeys?
    /// Where logins, refusals and administrative acts are written.
    package var audit: AuditLog?

    package init(store: TrustStore, keys: BrokerKeys? = nil, audit: AuditLog? = nil) {
        self.store = store
        self.keys = keys
        self.audit = audit
    }
}
