import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusTrust
import RembusWire

/// Publications of the client.
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

    /// The topic of an alias, after recording what the alias stands for from now on; nil without an alias.
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

    /// Publishes the frame that was written, and updates the retained message of its topic.
    private func pass(
        _ view: MQTTPublishView, _ properties: MQTTProperties, _ session: GatewaySession
    ) -> PublishOutcome {
        guard view.isRetained else { return session.publish(writer.frame) }
        let intent = LastValueIntent(
            isRetained: true, isEmpty: view.payloadLength == 0, expiry: properties.messageExpiry)
        return session.publish(writer.frame, lastValue: intent)
    }

    /// Whether another publication may be unacknowledged. Otherwise the connection is ended.
    private func admit(_ view: MQTTPublishView) -> Bool {
        if view.qos == .exactlyOnce, client.incoming[view.packetID] != nil { return true }
        guard version == .v5 else { return true }
        guard unacknowledged + client.incoming.count < Int(MQTTServer.receiveMaximum) else {
            end(.receiveMaximumExceeded, "more publications than may be unacknowledged")
            return false
        }
        return true
    }

    /// The id that the broker acknowledges. It contains the packet identifier, the QoS and, at QoS 2, a hash that
    /// distinguishes messages, so that a copy is recognised after a restart of the broker.
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

    /// The packet identifier in the id of a publication at QoS 2; nil for other ids.
    static func packetID(ofExactlyOnce id: UInt64) -> UInt16? {
        guard id & (exactlyOnce | firstUse | 3 << 18) == exactlyOnce | firstUse else { return nil }
        return UInt16(truncatingIfNeeded: id)
    }

    private static let exactlyOnce: UInt64 = 1 << 16
    /// Never zero, because JSON peers take zero for "no id".
    private static let firstUse: UInt64 = 1 << 17

    /// Records a message at QoS 2. A new message must not be taken for a copy of an older one with the same content.
    private func open(_ view: MQTTPublishView, _ id: UInt64, _ session: GatewaySession) {
        guard client.incoming[view.packetID] == nil else { return }
        client.incoming[view.packetID] = id
        noteIncoming(view.packetID, session)
        if !view.isDuplicate { session.release(id) }
    }

    // MARK: Answers

    /// A publication was accepted and is on the disk.
    func durable(_ id: UInt64) {
        if id & Self.exactlyOnce != 0 { noteReceived(UInt16(truncatingIfNeeded: id), id) }
        let isSaved = unsavedRetained.isEmpty || unsavedRetained.remove(id) == nil
        guard isSaved, waitingAcknowledgements.isEmpty else {
            return waitingAcknowledgements.append((id, isSaved))
        }
        acknowledge(id)
    }

    /// Acknowledges a publication to the client.
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

    /// The client will not send a message at QoS 2 again.
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
            // MQTT 3.1.1 cannot express this. But clients send unacknowledged messages again when they reconnect.
            guard version == .v5 else { return end(nil, "the store has no room") }
            refuse(view, .quotaExceeded)
        // Without an answer the client sends the message again, after the restart.
        case .stopping, .ended: break
        case .accepted, .durable, .unconfirmed: break
        }
    }

    /// Answers a publication that was refused. In MQTT 3.1.1, which has no refusals, the answer is an acknowledgement
    /// (§3.3.5).
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

    /// Whether a valid MQTT topic cannot be published to here.
    func isUnusable(_ topic: String) -> Bool {
        var topic = topic
        return topic.withUTF8 {
            let bytes = UnsafeRawBufferPointer($0)
            return isReserved(bytes) || server.host.objection(toTopic: bytes) != nil
        }
    }

    /// Whether a topic is reserved, so that clients cannot publish to it.
    private func isReserved(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.first == UInt8(ascii: "$") else { return false }
        return Self.reserved.contains { topic.starts(with: $0.utf8) }
    }

    private static let reserved = ["$SYS/", "$share/", "$mqtt/"]
}

/// A hash that is the same in every run of the broker.
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
