import Logging
import NIOCore
import RembusBroker
import RembusListening
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire

/// CONNECT: the client's identity, and the session that it resumes.
extension MQTTConnection {
    /// The facts that are needed when the login is decided.
    private struct Arrival: Sendable {
        let connect: MQTTConnect
        let name: String?
        let assignedID: String?
        let expiry: UInt32
    }

    func connected(_ connect: MQTTConnect) {
        if let limit = connect.properties.maximumPacketSize { maxOutgoingBytes = min(Int(limit), MQTTPacket.maxBytes) }
        guard connect.properties.authenticationMethod == nil else {
            return decline(.badAuthenticationMethod, "an authentication method that does not exist")
        }
        if connect.clientID.isEmpty, connect.version == .v311, !connect.cleanStart {
            return decline(.clientIdentifierNotValid, "a persistent session needs a client identifier")
        }
        if let will = connect.will, isUnusable(will.topic) {
            return decline(.topicNameInvalid, "the will's topic cannot be published")
        }
        guard let context,
            let session = server.host.makeSession(
                on: context.eventLoop, address: address, facts: facts, traits: MQTTNamespace.traits, sink: self)
        else { return end(nil, "the broker is closing") }
        self.session = session
        server.host.opened(context.channel)
        session.retransmits = false
        phase = .joining
        reader.maxPacketBytes = server.maxPacketBytes
        join(connect, session)
    }

    private func join(_ connect: MQTTConnect, _ session: GatewaySession) {
        if let certificate = facts.certificate, server.host.isRemoved(certificate) {
            return decline(.notAuthorized, BrokerText.removedCertificate(certificate.name))
        }
        let certificate = facts.certificate?.name
        if let certificate, let user = connect.userName, ExactText(user) != ExactText(certificate) {
            return decline(.notAuthorized, "the user name is not the certificate's")
        }
        let user = connect.userName.flatMap { $0.isEmpty ? nil : $0 } ?? certificate
        let wantsSession =
            connect.version == .v5 ? (connect.properties.sessionExpiry ?? 0) > 0 : !connect.cleanStart
        var id = connect.clientID
        var assignedID: String?
        if id.isEmpty, connect.version == .v5 {
            assignedID = Self.newClientID()
            // A client without a session stays anonymous, or becomes a guest of its user.
            if wantsSession { id = assignedID ?? "" }
        }
        let name: String? =
            switch (user, id) {
            case (_, ""): nil
            case (let user?, let id): ExactText(user) == ExactText(id) ? user : "\(user):\(id)"
            case (nil, let id): id
            }
        let asked =
            connect.version == .v5
            ? connect.properties.sessionExpiry ?? 0 : connect.cleanStart ? 0 : server.maxExpiry
        let arrival = Arrival(
            connect: connect, name: name, assignedID: assignedID,
            expiry: name == nil ? 0 : min(asked, server.maxExpiry))
        if version == .v5 {
            let answer = MQTTPacket.connack(
                sessionPresent: false, reason: .success, properties: greeting(arrival, arrival.expiry))
            guard answer.encodedLength(version: version) <= maxOutgoingBytes else {
                return decline(.packetTooLarge, "its maximum packet size is smaller than a CONNACK")
            }
        }
        let login = GatewaySession.Login(
            name: name, user: user ?? name,
            secret: connect.password.map { Array($0.readableBytesView) }, isProven: certificate != nil,
            takesOver: true)
        session.logIn(login) { result in
            switch result {
            case .success: self.joined(arrival)
            case .failure(let failure): self.decline(failure, hasPassword: connect.password != nil)
            }
        }
    }

    private static func newClientID() -> String {
        "auto-" + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    // MARK: Refusals

    private func decline(_ failure: GatewaySession.LoginFailure, hasPassword: Bool) {
        guard phase == .joining else { return }
        switch failure {
        case .wrongSecret: decline(.badUserNameOrPassword, "the user name or the password is wrong")
        case .needsProof: decline(.notAuthorized, "no proof of the name")
        case .taken: decline(.clientIdentifierNotValid, "the name is connected")
        case .unusable(let text): decline(.clientIdentifierNotValid, text)
        }
    }

    private func decline(_ reason: MQTTReason, _ text: String) {
        logger.info("refused \(label): \(text)")
        send(.connack(sessionPresent: false, reason: reason, properties: MQTTProperties()))
        end(nil, text)
    }

    // MARK: Success

    private func joined(_ arrival: Arrival, attempt: Int = 0) {
        guard phase == .joining, let session, let context else { return }
        var previous: MQTTSession?
        var isWrittenDown = arrival.expiry > 0
        if let name = arrival.name {
            switch server.sessions.take(name, for: ObjectIdentifier(self), now: WallClock.nanoseconds()) {
            case .none: break
            case .session(let session, let will):
                previous = arrival.connect.cleanStart ? nil : session
                isWrittenDown = true
                // The old session ends now, and its will is published.
                if arrival.connect.cleanStart, let will { server.publish(will) }
            case .busy:
                guard attempt < 200 else { return decline(.serverBusy, "the older connection does not end") }
                context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(5)) {
                    self.joined(arrival, attempt: attempt + 1)
                    self.endWork()
                }
                return
            }
        }
        name = arrival.name
        client = previous ?? MQTTSession()
        client.expiry = arrival.expiry
        if previous == nil, let name { server.packets?.forget(name) }
        chooseKeeping()
        session.setSinks(self)
        session.isTransient = client.expiry == 0
        session.countExchanges { [weak self] in self?.client.incoming.count ?? 0 }
        resume(isPresent: previous != nil, session)
        prepareWill(arrival.connect, session)
        guard noteHeldBytes() else {
            will = nil
            if previous == nil {
                client.expiry = 0
                session.isTransient = true
            }
            return decline(.quotaExceeded, "no room for its session and its will")
        }
        if let name, isWrittenDown { server.sessions.save(name, client) }
        let isPresent = previous != nil
        guard isWrittenDown else { return welcome(arrival, isPresent: isPresent) }
        // Packets that the client sends meanwhile wait in its socket.
        session.link.pauseReading()
        whenSaved { [self] in
            session.link.resumeReading()
            welcome(arrival, isPresent: isPresent)
        }
    }

    /// The session is on the disk, so the client gets its CONNACK.
    private func welcome(_ arrival: Arrival, isPresent: Bool) {
        guard phase == .joining, let session else { return }
        phase = .open
        greet(arrival, isPresent: isPresent)
        startDeliveries(session)
        watch(arrival.connect.keepAlive)
        drain()
    }

    /// Makes the broker serve the client's subscriptions, and no others.
    private func resume(isPresent: Bool, _ session: GatewaySession) {
        guard isPresent else { return session.forgetClient() }
        for filter in session.ownSubscriptions where client.interests[filter] == nil {
            _ = session.unsubscribe(own: filter)
        }
        for (filter, interest) in client.interests where !session.resume(own: filter, options(interest)) {
            // The broker has forgotten the subscription. Messages that the client has missed are lost, but new ones are
            // delivered.
            _ = session.subscribe(own: filter, options(interest))
        }
    }

    private func prepareWill(_ connect: MQTTConnect, _ session: GatewaySession) {
        guard let will = connect.will, let context else { return }
        var topic = will.topic
        var properties = will.properties
        let delay = properties.willDelayInterval ?? 0
        properties.willDelayInterval = nil
        topic.withUTF8 {
            writer.write(
                topic: UnsafeRawBufferPointer($0), payload: will.payload, qos: will.qos,
                id: UInt64.random(in: .min ... .max), isRetained: will.retain, properties: properties)
        }
        self.will = Will(
            publication: BrokerPublication(
                frame: ByteBuffer(bytes: writer.frame.readableBytesView), topic: will.topic,
                lastValue: LastValueIntent(
                    isRetained: will.retain, isEmpty: will.payload.readableBytes == 0,
                    expiry: properties.messageExpiry)),
            delay: delay, identity: session.identity, eventLoop: context.eventLoop)
    }

    private func greet(_ arrival: Arrival, isPresent: Bool) {
        var answer = MQTTProperties()
        if version == .v5 {
            let asked = arrival.connect.properties
            receiveMaximum = Int(asked.receiveMaximum ?? .max)
            maxAliases = min(Int(asked.topicAliasMaximum ?? 0), Int(MQTTServer.topicAliasMaximum))
            answer = greeting(arrival, client.expiry)
        }
        send(.connack(sessionPresent: isPresent, reason: .success, properties: answer))
    }

    /// The properties of a CONNACK of MQTT 5.
    private func greeting(_ arrival: Arrival, _ expiry: UInt32) -> MQTTProperties {
        var answer = MQTTProperties()
        if expiry != arrival.connect.properties.sessionExpiry ?? 0 { answer.sessionExpiry = expiry }
        answer.assignedClientIdentifier = arrival.assignedID
        answer.receiveMaximum = MQTTServer.receiveMaximum
        answer.topicAliasMaximum = MQTTServer.topicAliasMaximum
        answer.maximumPacketSize = UInt32(server.maxPacketBytes)
        return answer
    }
}
