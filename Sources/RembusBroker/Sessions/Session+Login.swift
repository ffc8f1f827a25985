import Logging
import NIOCore
import RembusIdentity
import RembusListening
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Names and their proof: the handshakes of both modes (protocol.md §7).
extension Session {
    /// Whether this connection must prove a name before it may do anything else.
    var mustProve: Bool { core.isAuthenticated && !isProven }

    /// The connection is open. In authenticated mode the broker speaks first.
    func begin() {
        guard mustProve, link.isOpen else { return }
        link.limitMessages(to: Self.maxHandshakeBytes)
        endUnprovenInTime()
        // Whoever shows a certificate has proven its name and only has to say it.
        guard certificate == nil else { return }
        challenge(MessageID.connection, name: nil)
    }

    private func endUnprovenInTime() {
        let timeout = TimeAmount(core.configuration.security.challengeTimeout)
        lane.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in self?.endUnproven() }
    }

    private func endUnproven() {
        guard link.isOpen, mustProve else { return }
        // It is not the peer that takes its time.
        guard gate != .waiting else { return endUnprovenInTime() }
        report(.late)
        link.close(code: 1000, reason: "")
        lane.endBurst()
    }

    // MARK: Identity

    func receive(_ identity: Message.Identity) {
        if identity.name.isEmpty { return respond(identity.id, .error, .text(BrokerText.emptyName)) }
        // A name is bound once per connection (known-defects.md S7).
        guard state.name == nil else { return respond(identity.id, .error, .text(BrokerText.identified)) }
        if awaitsProof { return postpone(identity) }
        let name = identity.name
        if let refusal = refusal(of: name) { return refuse(identity.id, name, refusal) }
        login.meta = identity.meta
        if let certificate, ExactText(name) == ExactText(certificate.name) {
            return bind(name, isProven: true, answering: identity.id)
        }
        wait()
        core.identities.lookUp(name, on: lane.eventLoop) { [self] lookup in
            proceed { self.decide(identity, lookup) }
        }
    }

    private var awaitsProof: Bool { login.challenge.map { $0.expires > lane.now } ?? false }

    /// A challenge is open: its outcome is the answer to this identity too (protocol.md §7.2 a).
    private func postpone(_ identity: Message.Identity) {
        guard login.postponed.count < Login.maxPostponed else {
            return respond(identity.id, .error, .text(BrokerText.openChallenge))
        }
        if login.challenge?.name == nil { login.challenge?.name = identity.name }
        login.postponed.append(identity.id)
        let timeout = core.requestTimeout
        lane.eventLoop.assumeIsolated().scheduleTask(in: timeout) { [weak self] in
            guard let self, login.postponed.contains(identity.id) else { return }
            answerPostponed(.error)
            lane.endBurst()
        }
    }

    private func answerPostponed(_ status: StatusCode) {
        let ids = login.postponed
        login.postponed = []
        let data: Value = status == .ok ? .null : .text(BrokerText.noProof)
        for id in ids { respond(id, status, data) }
    }

    private func refusal(of name: String) -> String? {
        NameRules.refusal(of: name, broker: core.configuration.name, maxBytes: limits.maxNameBytes)
    }

    private func refuse(_ id: MessageID, _ name: String, _ reason: String) {
        report(.refusedName(name, reason: reason))
        respond(id, .error, .text(reason))
    }

    private func decide(_ identity: Message.Identity, _ lookup: IdentityService.Lookup) {
        let name = identity.name
        switch lookup {
        case .unprotected:
            if core.configuration.isAuthenticated {
                refuse(identity.id, name, BrokerText.authenticationRequired(name))
            } else if tables.rules.needsProof(toBind: name) {
                refuse(identity.id, name, BrokerText.administratorName(name))
            } else if !tables.admitsTenant(of: name) {
                refuse(identity.id, name, BrokerText.tooManyTenants)
            } else {
                bind(name, isProven: false, answering: identity.id)
            }
        case .protected:
            guard let holder = tables.holder(of: name), !core.configuration.overwriteConnection else {
                return challenge(identity.id, name: name)
            }
            // Only a connection that is dead may lose its name, and only to somebody who proves it.
            holder.whenJudged(for: self) { isAlive in
                if isAlive {
                    self.refuse(identity.id, name, BrokerText.alreadyConnected(name))
                } else {
                    self.challenge(identity.id, name: name)
                }
            }
        case .unusable:
            refuse(identity.id, name, BrokerText.uncheckable(name))
        }
    }

    // MARK: Challenge and proof

    private func challenge(_ id: MessageID, name: String?) {
        let bytes = RandomBytes.make(32)
        let expires = lane.now + TimeAmount(core.configuration.security.challengeTimeout)
        login.challenge = Login.Challenge(bytes: bytes, name: name, expires: expires)
        respond(id, .challenge, .bytes(ByteBuffer(bytes: bytes)))
    }

    func receive(_ attestation: Message.Attestation) {
        guard state.name == nil else { return respond(attestation.id, .error, .text(BrokerText.identified)) }
        let name = attestation.name
        // Taken out before it is checked: a challenge serves once.
        guard let challenge = login.challenge.take(), challenge.expires > lane.now,
            challenge.name == nil || challenge.name == name, refusal(of: name) == nil
        else { return failed(attestation) }
        login.meta = attestation.meta
        wait()
        core.identities.verify(
            Array(attestation.signature.readableBytesView), challenge: challenge.bytes, name: name, address: host,
            on: lane.eventLoop
        ) { [self] isValid in
            proceed {
                if isValid {
                    self.bind(name, isProven: true, answering: attestation.id)
                } else {
                    self.failed(attestation)
                }
            }
        }
    }

    private func failed(_ attestation: Message.Attestation) {
        login.failures += 1
        report(.failedProof(attestation.name))
        respond(attestation.id, .error, .text(BrokerText.failedProof(attestation.name)))
        answerPostponed(.error)
        // In authenticated mode there is nothing left to do on this connection.
        guard mustProve || login.failures >= Login.maxFailures else { return }
        endCause = .unproven
        link.close(code: 1000, reason: "")
    }

    // MARK: Binding

    private func bind(_ name: String, isProven: Bool, answering id: MessageID) {
        switch tables.bind(name, to: self, isProven: isProven) {
        case .bound(let state):
            complete(state, isProven: isProven, answering: id)
        case .taken(let holder):
            if core.configuration.overwriteConnection {
                return replace(holder, name, isProven: isProven, answering: id)
            }
            guard isProven else { return refuse(id, name, BrokerText.alreadyConnected(name)) }
            holder.whenJudged(for: self) { isAlive in
                if isAlive {
                    self.refuse(id, name, BrokerText.alreadyConnected(name))
                    self.answerPostponed(.error)
                } else {
                    self.replace(holder, name, isProven: true, answering: id)
                }
            }
        }
    }

    /// Calls `judgement` on the newcomer's lane: whether this connection is to keep its name. One that has not proven it,
    /// or gives no sign of life, is not.
    private func whenJudged(for newcomer: Session, _ judgement: @escaping @Sendable (Bool) -> Void) {
        newcomer.wait()
        lane.eventLoop.execute { [self] in
            let isAlive = link.isOpen && isProven && link.wasHeardSincePing
            // So that the next attempt knows.
            if isAlive { link.ping() }
            lane.endBurst()
            newcomer.lane.eventLoop.execute { newcomer.proceed { judgement(isAlive) } }
        }
    }

    /// Has the older connection of the name closed, on its own lane, and tries again (protocol.md §7.6).
    private func replace(_ holder: Session, _ name: String, isProven: Bool, answering id: MessageID) {
        wait()
        holder.lane.eventLoop.execute {
            holder.overwritten()
            self.lane.eventLoop.execute {
                self.proceed { self.bind(name, isProven: isProven, answering: id) }
            }
        }
    }

    func overwritten() {
        report(.replaced)
        link.close(code: 4000, reason: "overwritten")
        lane.endBurst()
    }

    private func complete(_ state: ComponentState, isProven: Bool, answering id: MessageID) {
        let anonymous = self.state
        self.state = state
        self.isProven = isProven
        provenAt = Self.wallClock
        login.challenge = nil
        lastRoute = nil
        if gate == .locked { gate = .open }
        link.limitMessages(to: limits.maxMessageBytes)
        meta = login.meta
        if !meta.isEmpty { tables.addBroker(state) }
        let hasAdopted = adopt(anonymous)
        state.hasChanged = true
        lane.saveSoon(self)
        report(.identified)
        let exports = tables.exports(for: state, isBroker: !meta.isEmpty)
        guard hasAdopted, isKept else { return welcome(id, exports) }
        answerWhenSaved { [self] in welcome(id, exports) }
    }

    private func welcome(_ id: MessageID, _ exports: Value) {
        respond(id, .ok, exports)
        answerPostponed(.ok)
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

    // MARK: Waiting

    /// Something is decided elsewhere: messages wait, and no more are read.
    func wait() {
        guard gate != .waiting else { return }
        gate = .waiting
        link.pauseReading()
    }

    /// What held this connection up is over: its peer is read from, unless a decision about it is still to come.
    func readOn() {
        if gate != .waiting { link.resumeReading() }
    }

    /// Goes on with a decision as a unit of work of its own, then with the messages that waited for it.
    func proceed(_ decision: () -> Void) {
        guard link.isOpen, !isClosed, gate == .waiting else { return }
        lane.beginBurst()
        gate = mustProve ? .locked : .open
        link.resumeReading()
        decision()
        takeDeferred()
        lane.endBurst()
    }
}
