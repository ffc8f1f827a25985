import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusTrust
import RembusWire

/// Publications that come from the client.
extension MQTTConnection {
    func receivePublish(_ frame: MQTTFrame) throws(MQTTProtocolError) {
        let view = try MQTTPublishView(frame, version: version)
        let properties = view.propertiesLength > 0 ? try view.properties() : MQTTProperties()
        guard properties.isEmpty || properties.subscriptionIdentifiers.isEmpty else {
            throw MQTTProtocolError(.protocolError, "a client sends no subscription identifiers")
        }
        if let topic = try aliasedTopic(view, properties) {
            publish(view, topic: topic, topic.readerIndex, topic.readableBytes, properties)
        } else {
            let body = view.body
            publish(view, topic: body, body.readerIndex + view.topicOffset, view.topicLength, properties)
        }
    }

    /// The topic that a number stands for, after noting what the number stands for from now on; nil without a number.
    private func aliasedTopic(
        _ view: MQTTPublishView, _ properties: MQTTProperties
    ) throws(MQTTProtocolError) -> ByteBuffer? {
        guard !properties.isEmpty, let alias = properties.topicAlias else {
            guard view.topicLength > 0 else { throw MQTTProtocolError(.protocolError, "a publication without a topic") }
            return nil
        }
        guard alias > 0, alias <= MQTTServer.topicAliasMaximum else {
            throw MQTTProtocolError(.topicAliasInvalid, "a topic alias above the maximum")
        }
        if view.topicLength > 0 {
            let topic = ByteBuffer(
                bytes: view.body.readableBytesView.dropFirst(view.topicOffset).prefix(view.topicLength))
            aliases[alias] = topic
            return topic
        }
        guard let known = aliases[alias] else {
            throw MQTTProtocolError(.protocolError, "a topic alias that stands for nothing")
        }
        return known
    }

    private func publish(
        _ view: MQTTPublishView, topic: ByteBuffer, _ offset: Int, _ length: Int, _ properties: MQTTProperties
    ) {
        guard let session else { return }
        if view.qos != .atMostOnce, !admit(view) { return }
        if view.qos == .exactlyOnce, isReceived(view.packetID) {
            return send(.pubrec(packetID: view.packetID, reason: .success, properties: MQTTProperties()))
        }
        let shift = offset - topic.readerIndex
        var messageID: UInt64 = 0
        let outcome = topic.withUnsafeReadableBytes { bytes -> PublishOutcome in
            let name = UnsafeRawBufferPointer(rebasing: bytes[shift..<shift + length])
            let id = view.qos == .atMostOnce ? 0 : self.messageID(view, name)
            messageID = id
            writer.write(
                topic: name, payload: view.payload, qos: view.qos, id: id, isRetained: view.isRetained,
                properties: properties)
            if view.qos == .exactlyOnce { open(view, id, session) }
            let outcome = isReserved(name) ? .refused(.unusableTopic(.isReserved)) : pass(view, properties, session)
            if case .refused(.unusableTopic(let objection)) = outcome { session.noteUnusable(name, objection) }
            return outcome
        }
        guard outcome == .accepted else { return notTaken(view, outcome) }
        if view.isRetained, view.qos != .atMostOnce { acknowledgeWhenRetained(messageID) }
    }

    /// Hands what was written to the broker, with what it does to the retained message of its topic.
    private func pass(
        _ view: MQTTPublishView, _ properties: MQTTProperties, _ session: GatewaySession
    ) -> PublishOutcome {
        guard view.isRetained else { return session.publish(writer.frame) }
        let intent = LastValueIntent(
            isRetained: true, isEmpty: view.payloadLength == 0, expiry: properties.messageExpiry)
        return session.publish(writer.frame, lastValue: intent)
    }

    /// Whether one more publication may be unacknowledged; the connection ends otherwise.
    private func admit(_ view: MQTTPublishView) -> Bool {
        if view.qos == .exactlyOnce, client.incoming[view.packetID] != nil { return true }
        guard version == .v5 else { return true }
        guard unacknowledged + client.incoming.count < Int(MQTTServer.receiveMaximum) else {
            end(.receiveMaximumExceeded, "more publications than may be unacknowledged")
            return false
        }
        return true
    }

    /// What the broker acknowledges: the packet identifier, the QoS and, for QoS 2, what tells one message from another, so
    /// that a copy that comes after a restart of the broker is recognised.
    private func messageID(_ view: MQTTPublishView, _ topic: UnsafeRawBufferPointer) -> UInt64 {
        guard view.qos == .exactlyOnce else {
            unacknowledged += 1
            return UInt64(view.packetID) | Self.firstUse
        }
        if let open = client.incoming[view.packetID] { return open }
        var hash = Fingerprint()
        hash.add(topic)
        view.payload.withUnsafeReadableBytes { hash.add($0) }
        return UInt64(view.packetID) | Self.exactlyOnce | Self.firstUse | hash.value << 20
    }

    /// The packet identifier in the id of a publication of QoS 2; nil for other ids.
    static func packetID(ofExactlyOnce id: UInt64) -> UInt16? {
        guard id & (exactlyOnce | firstUse | 3 << 18) == exactlyOnce | firstUse else { return nil }
        return UInt16(truncatingIfNeeded: id)
    }

    private static let exactlyOnce: UInt64 = 1 << 16
    /// Never zero, which JSON peers take for no id.
    private static let firstUse: UInt64 = 1 << 17

    /// Notes a message of QoS 2. One that is no copy must not be taken for an older one with the same content.
    private func open(_ view: MQTTPublishView, _ id: UInt64, _ session: GatewaySession) {
        guard client.incoming[view.packetID] == nil else { return }
        client.incoming[view.packetID] = id
        noteIncoming(view.packetID, session)
        if !view.isDuplicate { session.release(id) }
    }

    // MARK: Answers

    /// The broker has taken a publication and written it down.
    func durable(_ id: UInt64) {
        if id & Self.exactlyOnce != 0 { noteReceived(UInt16(truncatingIfNeeded: id), id) }
        let isSaved = unsavedRetained.isEmpty || unsavedRetained.remove(id) == nil
        guard isSaved, waitingAcknowledgements.isEmpty else {
            return waitingAcknowledgements.append((id, isSaved))
        }
        acknowledge(id)
    }

    /// Tells the client that a publication is taken.
    func acknowledge(_ id: UInt64) {
        let packetID = UInt16(truncatingIfNeeded: id)
        guard id & Self.exactlyOnce == 0 else {
            return send(.pubrec(packetID: packetID, reason: .success, properties: MQTTProperties()))
        }
        unacknowledged -= 1
        var buffer = output.take() ?? takeBuffer()
        buffer.writeInteger(0x4002_0000 | UInt32(packetID))
        output = buffer
    }

    /// The client will not send a message of QoS 2 again.
    func released(_ packetID: UInt16) {
        guard let id = client.incoming.removeValue(forKey: packetID) else {
            return sendHeld(
                .pubcomp(packetID: packetID, reason: .packetIdentifierNotFound, properties: MQTTProperties()))
        }
        session?.release(id)
        noteEnded(packetID)
        sendHeld(.pubcomp(packetID: packetID, reason: .success, properties: MQTTProperties()))
    }

    private func notTaken(_ view: MQTTPublishView, _ outcome: PublishOutcome) {
        if view.qos == .atLeastOnce { unacknowledged -= 1 }
        if view.qos == .exactlyOnce {
            client.incoming[view.packetID] = nil
            forgetUnlogged(view.packetID)
        }
        switch outcome {
        case .refused(.denied): refuse(view, .notAuthorized)
        case .refused(.unusableTopic): refuse(view, .topicNameInvalid)
        case .refused(.malformed): end(.payloadFormatInvalid, "a payload that cannot be passed on")
        case .noRoom:
            // MQTT 3.1.1 has no word for it, but clients send what is unacknowledged again when they come back.
            guard version == .v5 else { return end(nil, "the store has no room") }
            refuse(view, .quotaExceeded)
        // Unanswered it is sent again, to the next broker.
        case .stopping, .ended: break
        case .accepted, .durable, .unconfirmed: break
        }
    }

    /// Answers a publication that was not taken; for MQTT 3.1.1, which has no word for it, as if it was (§3.3.5).
    private func refuse(_ view: MQTTPublishView, _ reason: MQTTReason) {
        switch view.qos {
        case .atMostOnce: break
        case .atLeastOnce: send(.puback(packetID: view.packetID, reason: reason, properties: MQTTProperties()))
        case .exactlyOnce:
            // In 3.1.1 the exchange goes on, and ends with the PUBCOMP for an unknown identifier.
            send(.pubrec(packetID: view.packetID, reason: reason, properties: MQTTProperties()))
        }
    }

    // MARK: Topics

    /// Whether nothing can be published under a valid topic of MQTT.
    func isUnusable(_ topic: String) -> Bool {
        var topic = topic
        return topic.withUTF8 {
            let bytes = UnsafeRawBufferPointer($0)
            return isReserved(bytes) || server.host.objection(toTopic: bytes) != nil
        }
    }

    /// Whether clients do not publish under a topic.
    private func isReserved(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.first == UInt8(ascii: "$") else { return false }
        return Self.reserved.contains { topic.starts(with: $0.utf8) }
    }

    private static let reserved = ["$SYS/", "$share/", "$mqtt/"]
}

/// A hash that is the same in every run.
private struct Fingerprint {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var offset = 0
        while offset &+ 8 <= bytes.count {
            mix(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset &+= 8
        }
        while offset < bytes.count {
            mix(UInt64(bytes[offset]))
            offset &+= 1
        }
        mix(UInt64(bytes.count))
    }

    private mutating func mix(_ word: UInt64) {
        value = (value ^ word) &* 0x9E37_79B9_7F4A_7C15
        value ^= value >> 29
    }
}
