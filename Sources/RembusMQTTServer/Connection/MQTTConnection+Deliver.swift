import NIOCore
import RembusBroker
import RembusMQTT
import RembusSupport
import RembusTransport
import RembusWire

/// Deliveries to the client.
extension MQTTConnection: DeliverySink {
    func deliver(_ delivery: Delivery) {
        // Other protocols allow topics that are invalid in MQTT. A client would have to end the connection for such a
        // packet.
        guard MQTTTopics.isValidTopic(delivery.header.topicBytes(in: delivery.bytes)) else {
            server.host.countDropped()
            return finish(delivery.id)
        }
        let trailer = MQTTTrailer(delivery.trailer)
        let qos = delivery.id == nil ? MQTTQoS.atMostOnce : MQTTQoS(delivery.qos)
        var expiry: UInt32?
        if trailer.content.contains(.expiry) {
            let elapsed = (max(WallClock.nanoseconds(), delivery.receivedAt) - delivery.receivedAt) / 1_000_000_000
            guard elapsed < UInt64(trailer.expiry) else { return finish(delivery.id) }
            expiry = trailer.expiry - UInt32(elapsed)
        }
        let arguments = UnsafeRawBufferPointer(
            rebasing: delivery.bytes[delivery.header.payloadOffset..<delivery.header.end])
        if let payload = trailer.payload ?? MQTTPayload.loneBytes(arguments) {
            write(delivery, trailer, qos, expiry, payload, nil)
        } else {
            let payload = converter.payload(of: arguments)
            payload.bytes.withUnsafeReadableBytes { write(delivery, trailer, qos, expiry, $0, payload.properties) }
        }
    }

    private func write(
        _ delivery: Delivery, _ trailer: MQTTTrailer, _ qos: MQTTQoS, _ expiry: UInt32?,
        _ payload: UnsafeRawBufferPointer, _ form: ByteBuffer?
    ) {
        var topic = delivery.header.topicBytes(in: delivery.bytes)
        if version == .v5 {
            properties.clear()
            if delivery.tag >> 3 > 0 || !trailer.content.isEmpty || form != nil {
                collectProperties(delivery.tag >> 3, trailer, expiry, form)
            }
        }
        let isHeld = qos == .exactlyOnce && packets != nil
        // A packet that leaves later must not introduce an alias, because packets that use the alias may leave earlier.
        let alias = maxAliases > 0 && !isHeld ? alias(for: topic, payload.count, qos) : nil
        guard alias != nil || fits(topic.count, payload.count, qos, properties.readableBytes) else {
            server.host.countDropped()
            return finish(delivery.id)
        }
        var packetID: UInt16 = 0
        var isDuplicate = false
        if let id = delivery.id {
            if qos == .atMostOnce {
                finished.append(id)
            } else {
                guard let number = packetIdentifier(delivery, id, qos, &isDuplicate) else { return }
                packetID = number
            }
        }
        if let alias { abbreviate(&topic, alias) }
        let isRetained =
            trailer.content.contains(.kept) || (delivery.tag & 4 != 0 && trailer.content.contains(.retained))
        var buffer = isHeld ? takeHeldBuffer(delivery.receivedAt) : output.take() ?? takeBuffer()
        properties.withUnsafeReadableBytes {
            MQTTPacket.encodePublish(
                topic: topic, payload: payload, qos: qos, isRetained: isRetained, isDuplicate: isDuplicate,
                packetID: packetID, properties: $0, version: version, into: &buffer)
        }
        if isHeld {
            giveBackHeld(buffer)
            return noteGrowth(heldBytes)
        }
        let bytes = buffer.readableBytes
        output = buffer
        noteGrowth(bytes + heldBytes)
    }

    /// Whether the client accepts a PUBLISH whose parts have these lengths.
    @inline(__always)
    private func fits(_ topic: Int, _ payload: Int, _ qos: MQTTQoS, _ properties: Int) -> Bool {
        MQTTPacket.publishLength(
            topic: topic, payload: payload, qos: qos, properties: properties, version: version) <= maxOutgoingBytes
    }

    private func collectProperties(
        _ identifier: Int, _ trailer: MQTTTrailer, _ expiry: UInt32?, _ form: ByteBuffer?
    ) {
        if identifier > 0 {
            var own = MQTTProperties()
            own.subscriptionIdentifiers = [identifier]
            properties.writeImmutableBuffer(own.encoded)
        }
        if let expiry {
            properties.writeInteger(UInt8(2))
            properties.writeInteger(expiry)
        }
        properties.writeBytes(trailer.properties)
        if let form, trailer.properties.count == 0 { properties.writeImmutableBuffer(form) }
    }

    /// A topic alias.
    private struct TopicAlias {
        let key: ExactText
        let number: UInt16
        /// Whether the client knows the alias, so that the topic can be left out.
        let isKnown: Bool
        /// The bytes of the property.
        static let length = 3
    }

    /// The alias for a topic; nil when it gets none. The alias makes the packet longer that introduces it, and packets
    /// with very short topics, so it is not used where the packet would become too large.
    private func alias(for topic: UnsafeRawBufferPointer, _ payload: Int, _ qos: MQTTQoS) -> TopicAlias? {
        let key = ExactText(String(decoding: topic, as: UTF8.self))
        let known = outgoingAliases[key]
        guard known != nil || outgoingAliases.count < maxAliases else { return nil }
        let length = known == nil ? topic.count : 0
        guard fits(length, payload, qos, properties.readableBytes + TopicAlias.length) else { return nil }
        return TopicAlias(
            key: key, number: known ?? UInt16(outgoingAliases.count + 1), isKnown: known != nil)
    }

    /// Replaces a topic by an alias that the client knows, or introduces the alias.
    private func abbreviate(_ topic: inout UnsafeRawBufferPointer, _ alias: TopicAlias) {
        if alias.isKnown {
            topic = UnsafeRawBufferPointer(rebasing: topic[..<0])
        } else {
            outgoingAliases[alias.key] = alias.number
        }
        properties.writeInteger(UInt8(0x23))
        properties.writeInteger(alias.number)
    }

    private func packetIdentifier(
        _ delivery: Delivery, _ id: UInt64, _ qos: MQTTQoS, _ isDuplicate: inout Bool
    ) -> UInt16? {
        if delivery.isResent, let known = resumed.removeValue(forKey: id) {
            isDuplicate = true
            return known
        }
        guard qos == .exactlyOnce, packets != nil else { return client.window.open(id, qos) }
        let place = DeliveryPlace(key: delivery.key, receivedAt: delivery.receivedAt)
        if let known = earlierPacketID(place, id) {
            isDuplicate = true
            return known
        }
        let number = client.window.open(id, qos)
        if let number { packetChanges.append(.opened(number, place)) }
        return number
    }

    func caughtUp() { releaseAllUnsent() }

    /// Finishes a delivery that the client does not get, or does not have to acknowledge.
    private func finish(_ id: UInt64?) {
        if let id { finished.append(id) }
    }

    /// Acknowledges finished deliveries to the broker, which may then send the next ones.
    func acknowledgeFinished() {
        while !finished.isEmpty {
            let batch = finished
            finished = []
            for id in batch { session?.acknowledge(id) }
        }
    }

    // MARK: Acknowledgements

    /// Starts deliveries: first those that earlier connections have left, then what was missed, then new ones.
    func startDeliveries(_ session: GatewaySession) {
        settle(client.window.dropPublished(unless: session.isOwed))
        resumed = [:]
        for slot in client.window.open {
            if slot.state == .released {
                sendHeld(.pubrel(packetID: slot.packetID, reason: .success, properties: MQTTProperties()))
            } else if slot.delivery != 0 {
                resumed[slot.delivery] = slot.packetID
            }
        }
        session.openWindow(to: windowLimit)
        restoreExchanges(session)
        session.startDeliveries()
        sendWaitingMessages()
        if !session.isCatchingUp { releaseAllUnsent() }
    }

    private var windowLimit: Int { max(0, receiveMaximum - client.window.releasedCount) }

    func acknowledged(_ packetID: UInt16) {
        guard let id = client.window.close(packetID, .publishedOnce) else { return }
        session?.acknowledge(id)
    }

    func received(_ packetID: UInt16, _ reason: MQTTReason) {
        if reason.isError {
            if let id = client.window.close(packetID, .published) {
                if packets != nil { packetChanges.append(.completed(packetID)) }
                if id == 0 { releaseUnsent(packetID) } else { session?.acknowledge(id) }
            }
            return
        }
        if let id = client.window.release(packetID) {
            if packets != nil { packetChanges.append(.released(packetID)) }
            // The identifier stays in use until PUBCOMP, and counts as unacknowledged until then.
            if receiveMaximum < Int(UInt16.max) { session?.openWindow(to: windowLimit) }
            if id == 0 { releaseUnsent(packetID) } else { session?.acknowledge(id) }
        } else if client.window.state(packetID) != .released {
            return send(
                .pubrel(packetID: packetID, reason: .packetIdentifierNotFound, properties: MQTTProperties()))
        }
        sendHeld(.pubrel(packetID: packetID, reason: .success, properties: MQTTProperties()))
    }

    func completed(_ packetID: UInt16) {
        guard client.window.close(packetID, .released) != nil else { return }
        if packets != nil { packetChanges.append(.completed(packetID)) }
        if receiveMaximum < Int(UInt16.max) { session?.openWindow(to: windowLimit) }
    }
}

extension QoS {
    init(_ qos: MQTTQoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}

extension MQTTQoS {
    init(_ qos: QoS) {
        switch qos {
        case .atMostOnce: self = .atMostOnce
        case .atLeastOnce: self = .atLeastOnce
        case .exactlyOnce: self = .exactlyOnce
        }
    }
}
