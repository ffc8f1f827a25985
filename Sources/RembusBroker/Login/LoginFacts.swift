import RembusTrust

/// What a login asks about the broker and other connections.
protocol LoginFacts {
    /// Whether every connection has to prove its identity.
    var isAuthenticated: Bool { get }
    /// Whether a newer connection takes the name of an older one.
    var overwritesConnections: Bool { get }
    /// Why no component can have this name; nil when one can.
    func objection(toName name: String) -> String?
    /// Whether the name is an administrator's, which nobody gets without a proof.
    func needsProof(toBind name: String) -> Bool
    /// Whether the tenant of a name without a proof is known, or there is room for it.
    func admitsTenant(of name: String) -> Bool
    /// Whether a component of this name is connected.
    func isConnected(_ name: String) -> Bool
}

/// The facts as the broker of a session has them.
struct BrokerLoginFacts: LoginFacts {
    let core: BrokerCore
    let maxNameBytes: Int
    /// Whether the name is that of a connection that this broker has made: how it is called elsewhere.
    var isDialed = false

    var isAuthenticated: Bool { core.configuration.isAuthenticated }
    var overwritesConnections: Bool { core.configuration.overwriteConnection }

    func objection(toName name: String) -> String? {
        NameRules.refusal(of: name, broker: isDialed ? "" : core.configuration.name, maxBytes: maxNameBytes)
    }

    func needsProof(toBind name: String) -> Bool { core.tables.rules.needsProof(toBind: name) }
    func admitsTenant(of name: String) -> Bool { core.tables.admitsTenant(of: name) }
    func isConnected(_ name: String) -> Bool { core.tables.holder(of: name) != nil }
}
