import RembusWire

/// The identity that a connection claims, and what is known about it so far.
struct LoginClaim: Equatable {
    /// The source of the claim, which gets the answer.
    enum Asker: Equatable {
        /// A component, by this message (protocol.md §7).
        case message(MessageID, meta: [String: UInt64])
        /// A gateway, for one of its clients. `takesOver` says whether an older connection of the same name and user is
        /// ended.
        case gateway(takesOver: Bool)
    }

    let asker: Asker
    /// The name of the component, under which its state is kept; nil for a guest, which has no state.
    let name: String?
    /// The user whose rights the connection gets; for a component its own name.
    let user: String
    /// Whether `user` was proven, rather than only claimed.
    var isProven = false

    /// Whether the name of the component is that of the user.
    var isOwnName: Bool { name.map { ExactText($0) == ExactText(user) } ?? false }
}

/// Why a connection does not get the name that it claims.
enum LoginRefusal: Equatable {
    case emptyName
    /// The connection has a name already, and cannot get another one (known-defects.md S7).
    case identified
    /// Too many identities wait for the outcome of one challenge.
    case openChallenge
    /// No component can have this name, for the reason given.
    case unusableName(String)
    /// The broker demands a proof from everybody, and the name has no key.
    case authenticationRequired
    /// The name is an administrator's, and has no key.
    case administratorName
    case tooManyTenants
    /// The key of the name cannot be used.
    case uncheckable
    /// The name has a key, or the broker demands a proof, but the gateway's client has shown none.
    case needsProof
    case wrongSecret(IdentityService.SecretCheck)
    case connected

    /// Whether the refusal is logged. One that is only about the order of messages is not.
    var isReported: Bool {
        switch self {
        case .emptyName, .identified, .openChallenge: false
        default: true
        }
    }

    /// The text of the answer to a component.
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

    /// The failure that the gateway gets, which it reports in the words of its protocol.
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

    /// The reason in the log, for a login through a gateway.
    func reason(_ user: String) -> String {
        if case .wrongSecret(let check) = self { check.reason(user) } else { forGateway.reason }
    }
}
