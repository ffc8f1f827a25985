import RembusTrust

/// What a login has to know of the broker and of other connections.
protocol LoginFacts {
    /// Whether nobody may do anything without a proof.
    var isAuthenticated: Bool { get }
    /// Whether a newer connection takes the name of an older one.
    var overwritesConnections: Bool { get }
    /// Why no component can be called so; nil when one can.
    func objection(toName name: String) -> String?
    /// Whether the rules let nobody have the name without a proof, because it is an administrator's.
    func needsProof(toBind name: String) -> Bool
    /// Whether there is room for the tenant of a name that is not proven.
    func admitsTenant(of name: String) -> Bool
    /// Whether a component of the name is connected.
    func isConnected(_ name: String) -> Bool
}

/// The facts, from the broker that a session belongs to.
struct BrokerLoginFacts: LoginFacts {
    let core: BrokerCore
    let maxNameBytes: Int

    var isAuthenticated: Bool { core.configuration.isAuthenticated }
    var overwritesConnections: Bool { core.configuration.overwriteConnection }

    func objection(toName name: String) -> String? {
        NameRules.refusal(of: name, broker: core.configuration.name, maxBytes: maxNameBytes)
    }

    func needsProof(toBind name: String) -> Bool { core.tables.rules.needsProof(toBind: name) }
    func admitsTenant(of name: String) -> Bool { core.tables.admitsTenant(of: name) }
    func isConnected(_ name: String) -> Bool { core.tables.holder(of: name) != nil }
}
