import Logging
import NIOCore
import RembusIdentity
import RembusListening
import RembusTransport
import RembusTrust
import RembusWire

/// Carries out the actions of the login machine: names and their proofs (protocol.md §7).
extension Session {
    /// Whether this connection must prove a name before it may do anything else.
    var mustProve: Bool { core.isAuthenticated && !isProven }

    private var loginFacts: BrokerLoginFacts {
        BrokerLoginFacts(
            core: core, maxNameBytes: limits.maxNameBytes, isDialed: brokerLink?.isDialed ?? false)
    }

    /// Starts the connection. In authenticated mode the broker sends the first message.
    func begin() {
        guard mustProve, link.isOpen else { return }
        link.limitMessages(to: Self.maxHandshakeBytes)
        endUnprovenInTime()
        // A certificate has proven the name already. The client only has to state it.
        guard certificate == nil else { return }
        perform(.challenge(MessageID.connection, name: nil))
    }

    private func endUnprovenInTime() {
        let timeout = TimeAmount(core.configuration.security.challengeTimeout)
        lane.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in self?.endUnproven() }
    }

    private func endUnproven() {
        guard link.isOpen, mustProve else { return }
        // The broker is taking its time here, not the peer.
        guard gate != .waiting else { return endUnprovenInTime() }
        report(.late)
        link.close(code: 1000, reason: "")
        lane.endBurst()
    }

    // MARK: Events

    func receive(_ identity: Message.Identity) {
        perform(login.identify(identity, certified: certificate?.name, now: lane.now, loginFacts))
    }

    func receive(_ attestation: Message.Attestation) {
        perform(login.attest(attestation, now: lane.now, loginFacts))
    }

    /// Logs a gateway's client in. `completion` is called at once, or as a unit of work of its own.
    func logIn(_ login: GatewaySession.Login, _ completion: @escaping GatewaySession.LoginCompletion) {
        undecided.completion = completion
        perform(self.login.logIn(login, loginFacts))
    }

    // MARK: Actions

    private func perform(_ action: LoginMachine.Action) {
        switch action {
        case .none: break
        case .answer(let id, let failure): respond(id, .error, .text(failure.answer("")))
        case .refuse(let claim, let name, let failure): refuse(claim, name, failure)
        case .rejectProof(let id, let name, let isLast): rejectProof(id, name, isLast: isLast)
        case .challenge(let id, let name): challenge(id, name: name)
        case .limitTime(let id): limitTime(of: id)
        case .lookUp(let name):
            wait()
            core.identities.lookUp(name, on: lane.eventLoop) { [self] lookup in
                proceed { perform(login.lookedUp(lookup, loginFacts)) }
            }
        case .verify(let attestation, let challenge):
            wait()
            core.identities.verify(
                Array(attestation.signature.readableBytesView), challenge: challenge, name: attestation.name,
                address: host, on: lane.eventLoop
            ) { [self] isValid in
                proceed { perform(login.verified(isValid, loginFacts)) }
            }
        case .check(let secret, let user):
            wait()
            core.identities.check(secret: secret, name: user, address: host, on: lane.eventLoop) { [self] check in
                proceed { perform(login.checked(check, loginFacts)) }
            }
        case .bind(let claim): bind(claim)
        case .becomeGuest(let claim):
            complete(claim, tables.guestState(of: self, user: claim.user, isProven: claim.isProven), wasKnown: false)
        case .judge(let name): judge(name)
        case .replace(let name):
            ask(name, { $0.overwritten() }, { _ in self.login.vacated() })
        case .askToLeave(let claim): askToLeave(claim)
        case .stayAnonymous: finish(.success(false))
        }
    }

    private func finish(_ outcome: Result<Bool, GatewaySession.LoginFailure>) {
        let completion = undecided.completion.take()
        completion?(outcome)
    }

    // MARK: Refusals

    private func refuse(_ claim: LoginClaim, _ name: String, _ failure: LoginRefusal) {
        switch claim.asker {
        case .message(let id, _):
            let text = failure.answer(name)
            report(.refusedName(name, reason: text))
            respond(id, .error, .text(text))
            answerPostponed(.error)
        case .gateway:
            let told = failure.forGateway
            if !name.isEmpty, failure.isReported {
                report(.refusedName(name, reason: failure.reason(name), isFailedProof: told == .wrongSecret))
            }
            finish(.failure(told))
        }
    }

    private func rejectProof(_ id: MessageID, _ name: String, isLast: Bool) {
        report(.failedProof(name))
        respond(id, .error, .text(BrokerText.failedProof(name)))
        answerPostponed(.error)
        guard isLast else { return }
        endCause = .unproven
        link.close(code: 1000, reason: "")
    }

    // MARK: Challenge

    private func challenge(_ id: MessageID, name: String?) {
        let bytes = RandomBytes.make(32)
        login.challenged(
            bytes, for: name, until: lane.now + TimeAmount(core.configuration.security.challengeTimeout))
        respond(id, .challenge, .bytes(ByteBuffer(bytes: bytes)))
    }

    private func limitTime(of id: MessageID) {
        lane.eventLoop.assumeIsolated().scheduleTask(in: core.requestTimeout) { [weak self] in
            guard let self, login.isPostponed(id) else { return }
            answerPostponed(.error)
            lane.endBurst()
        }
    }

    private func answerPostponed(_ status: StatusCode) {
        let data: Value = status == .ok ? .null : .text(BrokerText.noProof)
        for id in login.takePostponed() { respond(id, status, data) }
    }

    // MARK: Binding

    private func bind(_ claim: LoginClaim) {
        guard let name = claim.name else { return }
        let wasKnown = tables.isKnown(name)
        if case .message(_, let meta) = claim.asker, !meta.isEmpty {
            brokerLink = BrokerLink(isDialed: false, isOurs: meta[Self.meshKey] != nil)
        }
        let isBroker = brokerLink != nil
        switch tables.bind(name, to: self, isProven: claim.isProven, user: claim.user, isBroker: isBroker) {
        case .bound(let state): complete(claim, state, wasKnown: wasKnown)
        case .taken(let holder):
            if case .message = claim.asker { brokerLink = nil }
            perform(login.taken(bySameKind: holder.traits.namespace === traits.namespace, loginFacts))
        }
    }

    /// Runs `work` on the lane of the connection that has the name, and `next` with its result here; messages wait
    /// meanwhile. `next` gets nil when there is no such connection any more.
    private func ask<Answer: Sendable>(
        _ name: String, _ work: @escaping @Sendable (Session) -> Answer,
        _ next: @escaping @Sendable (Answer?) -> LoginMachine.Action
    ) {
        guard let holder = tables.holder(of: name) else { return perform(next(nil)) }
        wait()
        holder.lane.eventLoop.execute { [self] in
            let answer = work(holder)
            lane.eventLoop.execute { self.proceed { self.perform(next(answer)) } }
        }
    }

    /// Finds out whether a connection may keep its name. One that has not proven it, or gives no sign of life, may not.
    private func judge(_ name: String) {
        ask(name) { holder in
            let isAlive = holder.link.isOpen && holder.isProven && holder.link.wasHeardSincePing
            // The answer tells the next attempt whether the connection is alive.
            if isAlive { holder.link.ping() }
            holder.lane.endBurst()
            return isAlive
        } _: { isAlive in
            self.login.judged(isAlive: isAlive ?? false)
        }
    }

    /// Ends the connection that has the name if it belongs to the same user and is not proven better.
    private func askToLeave(_ claim: LoginClaim) {
        ask(claim.name ?? claim.user) { holder in
            // The connection may have ended meanwhile, which leaves the name free.
            if holder.isClosed { return true }
            let isOurs =
                (claim.isProven || !holder.isProven)
                && holder.state.user.map { ExactText($0) == ExactText(claim.user) } ?? false
            if isOurs { holder.overwritten() }
            return isOurs
        } _: { hasLeft in
            hasLeft ?? true ? self.login.vacated() : self.login.kept()
        }
    }

    /// Ends this connection, because another one has taken its name over (protocol.md §7.6).
    func overwritten() {
        report(.replaced)
        link.close(code: 4000, reason: "overwritten")
        lane.endBurst()
    }

    /// Finishes a login: from here on the connection acts for its component or its user.
    private func complete(_ claim: LoginClaim, _ state: ComponentState, wasKnown: Bool) {
        let anonymous = self.state
        self.state = state
        isProven = claim.isProven
        provenAt = Self.wallClock
        lastRoute.forget()
        if gate == .locked { gate = .open }
        let places = login.bound()
        switch claim.asker {
        case .gateway:
            tables.release(anonymous)
            if state.name != nil { noteChange() }
            report(.identified)
            finish(.success(wasKnown))
        case .message(let id, _):
            link.limitMessages(to: limits.maxMessageBytes)
            meta = places
            if let brokerLink {
                noteChange()
                report(.identified)
                return welcome(id, brokerLink, anonymous)
            }
            let hasAdopted = adopt(anonymous)
            noteChange()
            report(.identified)
            guard hasAdopted, isKept else { return welcome(id) }
            answerWhenSaved { [self] in welcome(id) }
        }
    }

    private func noteChange() {
        state.hasChanged = true
        lane.saveSoon(self)
    }

    /// A component gets two empty lists: some would act on what others offer and want as a broker does (protocol.md §9.1).
    private func welcome(_ id: MessageID) {
        respond(id, .ok, .array([.array([]), .array([])]))
        answerPostponed(.ok)
    }

    private func welcome(_ id: MessageID, _ broker: BrokerLink, _ anonymous: ComponentState) {
        let (topics, methods) = (anonymous.subscriptions.keys.map(\.string), anonymous.exposed.map(\.string))
        tables.release(anonymous)
        let actions = joinMesh(broker)
        respond(id, .ok, exports(actions, for: broker))
        answerPostponed(.ok)
        startMesh(broker, actions, isListed: !broker.isOurs)
        hearList(methods: methods, topics: topics, broker)
    }

    /// What the connection did before it had a name now belongs to the name; false when that is nothing.
    private func adopt(_ anonymous: ComponentState) -> Bool {
        guard !anonymous.subscriptions.isEmpty || !anonymous.exposed.isEmpty else { return false }
        let (subscriptions, exposed) = (anonymous.subscriptions, anonymous.exposed)
        tables.release(anonymous)
        for subscription in subscriptions.values {
            subscribe(subscription.topic, messageFrom: subscription.messageFrom)
        }
        for topic in exposed { expose(topic.string) }
        return true
    }
}
