import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// What gateways ask of a session.
extension Session {
    func performForGateway(_ command: AdminCommand, topic: String) -> (status: StatusCode, data: Value) {
        let outcome = perform(command, topic: topic)
        guard outcome.status == .ok else { return outcome }
        switch command {
        case .reactive(true, _), .setup: startReplay()
        case .subscribe: continueCatchUp()
        default: break
        }
        return outcome
    }

    func forgetState() {
        for topic in state.subscriptions.values.map(\.topic) { unsubscribe(topic) }
        var ids: [UInt64] = []
        state.inFlight.forEach { id, _ in ids.append(id) }
        for id in ids { _ = state.takeInFlight(id) }
        state.duplicates.removeAll()
    }

    // MARK: Login

    func logIn(
        _ login: GatewaySession.Login,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        guard state.user == nil else { return completion(.failure(.unusable("already identified"))) }
        for name in [login.name, login.user].compactMap({ $0 }) {
            let refusal = NameRules.refusal(of: name, broker: core.configuration.name, maxBytes: limits.maxNameBytes)
            if let refusal { return completion(.failure(.unusable(refusal))) }
        }
        guard let user = login.user ?? login.name else {
            // Anonymous.
            return completion(core.configuration.isAuthenticated ? .failure(.needsProof) : .success(false))
        }
        if login.isProven { return enter(login, user, isProven: true, completion) }
        wait()
        if let secret = login.secret {
            return core.identities.check(secret: secret, name: user, address: host, on: lane.eventLoop) {
                [self] check in
                proceed {
                    if check == .right {
                        self.enter(login, user, isProven: true, completion)
                    } else {
                        self.refuse(login, user, .wrongSecret, reason: check.reason(user), completion)
                    }
                }
            }
        }
        core.identities.lookUp(user, on: lane.eventLoop) { [self] lookup in
            proceed {
                let isFree =
                    lookup == .unprotected && !self.core.configuration.isAuthenticated
                    && !self.tables.rules.needsProof(toBind: user)
                if isFree {
                    self.enter(login, user, isProven: false, completion)
                } else {
                    self.refuse(login, user, .needsProof, completion)
                }
            }
        }
    }

    private func refuse(
        _ login: GatewaySession.Login, _ user: String, _ failure: GatewaySession.LoginFailure, reason: String? = nil,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        report(.refusedName(user, reason: reason ?? failure.reason, isFailedProof: failure == .wrongSecret))
        completion(.failure(failure))
    }

    private func enter(
        _ login: GatewaySession.Login, _ user: String, isProven: Bool,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        guard isProven || tables.admitsTenant(of: user) else {
            return refuse(login, user, .unusable(BrokerText.tooManyTenants), completion)
        }
        guard let name = login.name else {
            // Nobody may pose as a component that is here, unless it can prove to be it.
            guard isProven || tables.holder(of: user) == nil else {
                return refuse(login, user, .taken, completion)
            }
            let anonymous = state
            state = tables.guestState(of: self, user: user, isProven: isProven)
            tables.release(anonymous)
            return admit(isProven: isProven) { completion(.success(false)) }
        }
        // The name must not be somebody else's who has a key.
        guard ExactText(name) != ExactText(user) else {
            return bind(login, name, user, isProven: isProven, completion)
        }
        wait()
        core.identities.lookUp(name, on: lane.eventLoop) { [self] lookup in
            proceed {
                guard lookup == .unprotected, !self.tables.rules.needsProof(toBind: name) else {
                    return self.refuse(login, name, .needsProof, completion)
                }
                self.bind(login, name, user, isProven: isProven, completion)
            }
        }
    }

    private func bind(
        _ login: GatewaySession.Login, _ name: String, _ user: String, isProven: Bool,
        _ completion: @escaping @Sendable (Result<Bool, GatewaySession.LoginFailure>) -> Void
    ) {
        let wasKnown = tables.isKnown(name)
        switch tables.bind(name, to: self, isProven: isProven, user: user) {
        case .bound(let state):
            let anonymous = self.state
            self.state = state
            tables.release(anonymous)
            state.hasChanged = true
            lane.saveSoon(self)
            admit(isProven: isProven) { completion(.success(wasKnown)) }
        case .taken(let holder):
            // Only connections of the same kind and user give way: a name that is merely claimed takes none away.
            guard login.takesOver, holder.transport.isMQTT == transport.isMQTT else {
                return refuse(login, name, .taken, completion)
            }
            wait()
            holder.lane.eventLoop.execute { [self] in
                // It may have ended of itself meanwhile; then nothing is in the way.
                let isOurs =
                    (isProven || !holder.isProven) && holder.state.user.map { ExactText($0) } == ExactText(user)
                let gives = holder.isClosed || isOurs
                if gives, !holder.isClosed { holder.overwritten() }
                lane.eventLoop.execute {
                    self.proceed {
                        if gives {
                            self.bind(login, name, user, isProven: isProven, completion)
                        } else {
                            self.refuse(login, name, .taken, completion)
                        }
                    }
                }
            }
        }
    }

    private func admit(isProven: Bool, _ completion: () -> Void) {
        self.isProven = isProven
        provenAt = Self.wallClock
        lastRoute = nil
        if gate == .locked { gate = .open }
        report(.identified)
        completion()
    }
}

extension TransportKind {
    /// Whether clients of MQTT come this way.
    var isMQTT: Bool { self == .mqtt || self == .mqtts }
}
