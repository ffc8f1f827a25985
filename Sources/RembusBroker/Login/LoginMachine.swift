import NIOCore
import RembusWire

/// The login of one connection (protocol.md §7), for components and for the clients of all gateways.
///
/// A value without a socket, a clock or a thread. Each event returns one ``Action``, whose result is the next event.
/// The connection takes no messages while an action is under way, so no message of the peer comes in between.
struct LoginMachine {
    /// A challenge that was sent. It can be answered once, and for a short time.
    private struct Challenge {
        let bytes: [UInt8]
        /// The name that was challenged and that alone an answer can prove; nil when the broker sent the challenge
        /// first.
        var name: String?
        let expires: NIODeadline
    }

    private enum Step {
        case none
        case lookingUpUser(LoginClaim)
        /// The user is known. Whether the component's name, which is another one, is free for the user is not.
        case lookingUpName(LoginClaim)
        case checkingSecret(LoginClaim)
        case verifying(LoginClaim)
        case binding(LoginClaim)
        /// The name has a key and is connected. It is challenged only if that connection is dead.
        case judgingBeforeChallenge(LoginClaim, MessageID)
        case judgingBeforeReplacement(LoginClaim)
        case vacating(LoginClaim)
        case identified
    }

    private var step = Step.none
    private var challenge: Challenge?
    /// Identities that came while a challenge was open. They are answered with its outcome (protocol.md §7.2 a).
    private var postponed: [MessageID] = []
    private var meta: [String: UInt64] = [:]
    private var failures = 0

    /// The number of wrong proofs after which a connection is closed.
    static let maxFailures = 5
    static let maxPostponed = 8

    /// Whether the connection has a name, or acts for a user.
    var isIdentified: Bool { if case .identified = step { true } else { false } }

    // MARK: Messages of the peer

    /// A component states its name. `certified` is the name in the certificate of its connection.
    mutating func identify(
        _ identity: Message.Identity, certified: String?, now: NIODeadline, _ facts: some LoginFacts
    ) -> Action {
        let name = identity.name
        if name.isEmpty { return .answer(identity.id, .emptyName) }
        guard !isIdentified else { return .answer(identity.id, .identified) }
        if let challenge, challenge.expires > now { return postpone(identity) }
        var claim = LoginClaim(asker: .message(identity.id, meta: identity.meta), name: name, user: name)
        if let text = facts.objection(toName: name) { return refuse(claim, .unusableName(text)) }
        meta = identity.meta
        if let certified, ExactText(name) == ExactText(certified) {
            claim.isProven = true
            return bind(claim)
        }
        step = .lookingUpUser(claim)
        return .lookUp(name)
    }

    /// Queues an identity that came while a challenge is open: the outcome of the challenge is the answer to this
    /// identity too.
    private mutating func postpone(_ identity: Message.Identity) -> Action {
        guard postponed.count < Self.maxPostponed else { return .answer(identity.id, .openChallenge) }
        if challenge?.name == nil { challenge?.name = identity.name }
        postponed.append(identity.id)
        return .limitTime(identity.id)
    }

    /// A component answers a challenge.
    mutating func attest(
        _ attestation: Message.Attestation, now: NIODeadline, _ facts: some LoginFacts
    ) -> Action {
        guard !isIdentified else { return .answer(attestation.id, .identified) }
        let name = attestation.name
        // The challenge is removed before the answer is checked, so that it serves only once.
        guard let challenge = challenge.take(), challenge.expires > now,
            challenge.name.map({ ExactText($0) == ExactText(name) }) ?? true, facts.objection(toName: name) == nil
        else { return rejectProof(attestation.id, name, facts) }
        meta = attestation.meta
        step = .verifying(LoginClaim(asker: .message(attestation.id, meta: attestation.meta), name: name, user: name))
        return .verify(attestation, challenge: challenge.bytes)
    }

    /// A gateway states the identity of its client.
    mutating func logIn(_ login: GatewaySession.Login, _ facts: some LoginFacts) -> Action {
        guard let user = login.user ?? login.name else {
            guard !isIdentified else { return refuse(anonymous(login), .identified) }
            return facts.isAuthenticated ? refuse(anonymous(login), .needsProof) : .stayAnonymous
        }
        var claim = LoginClaim(asker: .gateway(takesOver: login.takesOver), name: login.name, user: user)
        guard !isIdentified else { return refuse(claim, .identified) }
        for name in [login.name, login.user] {
            if let name, let text = facts.objection(toName: name) { return refuse(claim, .unusableName(text)) }
        }
        claim.isProven = login.isProven
        if login.isProven { return enter(claim, facts) }
        if let secret = login.secret {
            step = .checkingSecret(claim)
            return .check(secret: secret, user: user)
        }
        step = .lookingUpUser(claim)
        return .lookUp(user)
    }

    private func anonymous(_ login: GatewaySession.Login) -> LoginClaim {
        LoginClaim(asker: .gateway(takesOver: login.takesOver), name: nil, user: "")
    }
}

// MARK: - Results of actions

extension LoginMachine {
    /// A challenge was sent.
    mutating func challenged(_ bytes: [UInt8], for name: String?, until expires: NIODeadline) {
        challenge = Challenge(bytes: bytes, name: name, expires: expires)
    }

    mutating func lookedUp(_ lookup: IdentityService.Lookup, _ facts: some LoginFacts) -> Action {
        switch step {
        case .lookingUpUser(let claim): decide(claim, lookup, facts)
        case .lookingUpName(let claim):
            // A name that has a key is not available to another user.
            isFree(claim.name ?? claim.user, lookup, facts) ? bind(claim) : refuse(claim, .needsProof)
        default: .none
        }
    }

    private func isFree(_ name: String, _ lookup: IdentityService.Lookup, _ facts: some LoginFacts) -> Bool {
        lookup == .unprotected && !facts.needsProof(toBind: name)
    }

    /// Decides about a claim without a proof.
    private mutating func decide(
        _ claim: LoginClaim, _ lookup: IdentityService.Lookup, _ facts: some LoginFacts
    ) -> Action {
        switch lookup {
        case .unprotected:
            if facts.isAuthenticated { return refuse(claim, .authenticationRequired, claim.user) }
            if facts.needsProof(toBind: claim.user) { return refuse(claim, .administratorName, claim.user) }
            return enter(claim, facts)
        case .protected:
            // The protocols of gateways have no challenge.
            guard case .message(let id, _) = claim.asker else { return refuse(claim, .needsProof, claim.user) }
            guard facts.isConnected(claim.user), !facts.overwritesConnections else {
                step = .none
                return .challenge(id, name: claim.user)
            }
            step = .judgingBeforeChallenge(claim, id)
            return .judge(claim.user)
        case .unusable:
            return refuse(claim, .uncheckable, claim.user)
        }
    }

    mutating func verified(_ isValid: Bool, _ facts: some LoginFacts) -> Action {
        guard case .verifying(var claim) = step, case .message(let id, _) = claim.asker else { return .none }
        guard isValid else { return rejectProof(id, claim.user, facts) }
        claim.isProven = true
        return bind(claim)
    }

    mutating func checked(_ check: IdentityService.SecretCheck, _ facts: some LoginFacts) -> Action {
        guard case .checkingSecret(var claim) = step else { return .none }
        guard check == .right else { return refuse(claim, .wrongSecret(check), claim.user) }
        claim.isProven = true
        return enter(claim, facts)
    }

    /// Accepts the user and goes on to the name of the component.
    private mutating func enter(_ claim: LoginClaim, _ facts: some LoginFacts) -> Action {
        guard claim.isProven || facts.admitsTenant(of: claim.user) else {
            return refuse(claim, .tooManyTenants, claim.user)
        }
        guard let name = claim.name else {
            // Nobody may act for a component that is connected, without a proof of being that component.
            guard claim.isProven || !facts.isConnected(claim.user) else { return refuse(claim, .connected, claim.user) }
            step = .binding(claim)
            return .becomeGuest(claim)
        }
        guard !claim.isOwnName else { return bind(claim) }
        step = .lookingUpName(claim)
        return .lookUp(name)
    }

    private mutating func bind(_ claim: LoginClaim) -> Action {
        step = .binding(claim)
        return .bind(claim)
    }

    /// Another connection has the name. `isSameKind` says whether it came in by the same protocol.
    mutating func taken(bySameKind isSameKind: Bool, _ facts: some LoginFacts) -> Action {
        guard case .binding(let claim) = step, let name = claim.name else { return .none }
        switch claim.asker {
        case .message:
            if facts.overwritesConnections { return replace(claim, name) }
            guard claim.isProven else { return refuse(claim, .connected) }
            step = .judgingBeforeReplacement(claim)
            return .judge(name)
        case .gateway(let takesOver):
            // Only a connection of the same kind and user is ended. A name that is merely claimed does not end one.
            guard takesOver, isSameKind else { return refuse(claim, .connected) }
            step = .vacating(claim)
            return .askToLeave(claim)
        }
    }

    private mutating func replace(_ claim: LoginClaim, _ name: String) -> Action {
        step = .vacating(claim)
        return .replace(name)
    }

    mutating func judged(isAlive: Bool) -> Action {
        switch step {
        case .judgingBeforeChallenge(let claim, let id):
            guard !isAlive else { return refuse(claim, .connected) }
            step = .none
            return .challenge(id, name: claim.user)
        case .judgingBeforeReplacement(let claim):
            return isAlive ? refuse(claim, .connected) : replace(claim, claim.name ?? claim.user)
        default: return .none
        }
    }

    /// The connection that had the name has ended.
    mutating func vacated() -> Action {
        guard case .vacating(let claim) = step else { return .none }
        return bind(claim)
    }

    /// The connection that has the name keeps it.
    mutating func kept() -> Action {
        guard case .vacating(let claim) = step else { return .none }
        return refuse(claim, .connected)
    }

    /// The connection has its name. Returns the ports where the peer accepts connections itself (protocol.md §9.1).
    mutating func bound() -> [String: UInt64] {
        step = .identified
        challenge = nil
        return meta
    }

    /// Returns the identities whose outcome is known now.
    mutating func takePostponed() -> [MessageID] {
        defer { postponed = [] }
        return postponed
    }

    func isPostponed(_ id: MessageID) -> Bool { postponed.contains(id) }

    private mutating func refuse(_ claim: LoginClaim, _ failure: LoginRefusal, _ name: String? = nil) -> Action {
        if !isIdentified { step = .none }
        return .refuse(claim, name: name ?? claim.name ?? claim.user, failure)
    }

    private mutating func rejectProof(_ id: MessageID, _ name: String, _ facts: some LoginFacts) -> Action {
        step = .none
        failures += 1
        // In authenticated mode a connection without a proof cannot do anything else.
        return .rejectProof(id, name: name, isLast: facts.isAuthenticated || failures >= Self.maxFailures)
    }
}
