import RembusWire

/// Who a connection says it is, and what is known of that so far.
struct LoginClaim: Equatable {
    /// Who asked, which is who gets the answer.
    enum Asker: Equatable {
        /// A component, with this message (protocol.md §7).
        case message(MessageID, meta: [String: UInt64])
        /// A gateway, for one of its clients. `takesOver` when an older connection of the name and user is to give way.
        case gateway(takesOver: Bool)
    }

    let asker: Asker
    /// The name of the component, under which its state is kept; nil for a guest, of whom nothing is kept.
    let name: String?
    /// Whose rights it has: for a component its own name.
    let user: String
    /// Whether `user` was proven, and not only claimed.
    var isProven = false

    /// Whether the component is called like the user.
    var isOwnName: Bool { name.map { ExactText($0) == ExactText(user) } ?? false }
}

/// Why a connection does not get the name that it wants.
enum LoginRefusal: Equatable {
    case emptyName
    /// A name is bound once per connection (known-defects.md S7).
    case identified
    /// Too many identities wait for the outcome of one challenge.
    case openChallenge
    /// Why no component can be called so.
    case unusableName(String)
    /// The broker wants a proof of everybody, and the name has no key.
    case authenticationRequired
    /// The name is an administrator's, and has no key.
    case administratorName
    case tooManyTenants
    /// The key of the name cannot be used.
    case uncheckable
    /// The name has a key, or the broker wants a proof, and the protocol of the gateway has shown none.
    case needsProof
    case wrongSecret(IdentityService.SecretCheck)
    case connected

    /// Whether it is written down; what only breaks the order of messages is answered and no more.
    var isReported: Bool {
        switch self {
        case .emptyName, .identified, .openChallenge: false
        default: true
        }
    }

    /// What the component is answered.
    func answer(_ name: String) -> String {
        switch self {
        case .emptyName: BrokerText.emptyName
        case .identified: BrokerText.identified
        case .openChallenge: BrokerText.openChallenge
        case .unusableName(let text): text
        case .authenticationRequired: BrokerText.authenticationRequired(name)
        case .administratorName: BrokerText.administratorName(name)
        case .tooManyTenants: BrokerText.tooManyTenants
        case .uncheckable: BrokerText.uncheckable(name)
        case .needsProof, .wrongSecret: BrokerText.failedProof(name)
        case .connected: BrokerText.alreadyConnected(name)
        }
    }

    /// What the gateway is answered, which says it in the words of its protocol.
    var forGateway: GatewaySession.LoginFailure {
        switch self {
        case .emptyName: .unusable(BrokerText.emptyName)
        case .identified: .unusable("already identified")
        case .openChallenge: .unusable(BrokerText.openChallenge)
        case .unusableName(let text): .unusable(text)
        case .tooManyTenants: .unusable(BrokerText.tooManyTenants)
        case .authenticationRequired, .administratorName, .uncheckable, .needsProof: .needsProof
        case .wrongSecret: .wrongSecret
        case .connected: .taken
        }
    }

    /// What the log says of a login through a gateway.
    func reason(_ user: String) -> String {
        if case .wrongSecret(let check) = self { check.reason(user) } else { forGateway.reason }
    }
}
