import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusWire

/// Publications that go to the client.
extension MQTTConnection: DeliverySink {
    func deliver(_ delivery: Delivery) {
        let annex = Annex(delivery.annex)
        var qos = MQTTQoS(delivery.header.flags.qos)
        if let granted = MQTTQoS(rawValue: UInt8(delivery.tag & 3)), granted < qos { qos = granted }
        if delivery.id == nil { qos = .atMostOnce }
        var expiry: UInt32?
        if annex.content.contains(.expiry) {
            let elapsed = (max(MQTTServer.now, delivery.receivedAt) - delivery.receivedAt) / 1_000_000_000
            guard elapsed < UInt64(annex.expiry) else { return finish(delivery.id) }
            expiry = annex.expiry - UInt32(elapsed)
        }
        let arguments = UnsafeRawBufferPointer(
            rebasing: delivery.bytes[delivery.header.payloadOffset..<delivery.header.end])
        if let payload = annex.payload ?? MQTTPayload.loneBytes(arguments) {
            write(delivery, annex, qos, expiry, payload, nil)
        } else {
            let payload = converter.payload(of: arguments)
            payload.bytes.withUnsafeReadableBytes { write(delivery, annex, qos, expiry, $0, payload.properties) }
        }
    }

    private func write(
        _ delivery: Delivery, _ annex: Annex, _ qos: MQTTQoS, _ expiry: UInt32?,
        _ payload: UnsafeRawBufferPointer, _ form: ByteBuffer?
    ) {
        var topic = delivery.header.topicBytes(in: delivery.bytes)
        let topicLength = topic.count
        let hasProperties = version == .v5
        if hasProperties {
            properties.clear()
            if delivery.tag >> 3 > 0 || !annex.content.isEmpty || form != nil {
                collectProperties(delivery.tag >> 3, annex, expiry, form)
            }
        }
        let size = 5 + 2 + topicLength + 2 + 4 + properties.readableBytes + payload.count
        guard size <= maxOutgoingBytes else {
            server.host.countDropped()
            return finish(delivery.id)
        }
        if maxAliases > 0 { abbreviate(&topic) }
        var packetID: UInt16 = 0
        if let id = delivery.id {
            if qos == .atMostOnce {
                finished.append(id)
            } else {
                guard let number = packetIdentifier(id, qos, isResent: delivery.isResent) else { return }
                packetID = number
            }
        }
        let isRetained =
            annex.content.contains(.kept) || (delivery.tag & 4 != 0 && annex.content.contains(.retained))
        var buffer = output.take() ?? takeBuffer()
        properties.withUnsafeReadableBytes {
            MQTTPacket.encodePublish(
                topic: topic, payload: payload, qos: qos, isRetained: isRetained, isDuplicate: delivery.isResent,
                packetID: packetID, properties: $0, version: version, into: &buffer)
        }
        let bytes = buffer.readableBytes
        output = buffer
        noteGrowth(bytes)
    }

    private func collectProperties(
        _ identifier: Int, _ annex: Annex, _ expiry: UInt32?, _ form: ByteBuffer?
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
        properties.writeBytes(annex.properties)
        if let form, annex.properties.count == 0 { properties.writeImmutableBuffer(form) }
    }

    /// Replaces a topic by the number that it was given before, or gives it one.
    private func abbreviate(_ topic: inout UnsafeRawBufferPointer) {
        let key = ExactText(String(decoding: topic, as: UTF8.self))
        let alias: UInt16
        if let known = outgoingAliases[key] {
            alias = known
            topic = UnsafeRawBufferPointer(rebasing: topic[..<0])
        } else {
            guard outgoingAliases.count < maxAliases else { return }
            alias = UInt16(outgoingAliases.count + 1)
            outgoingAliases[key] = alias
        }
        properties.writeInteger(UInt8(0x23))
        properties.writeInteger(alias)
    }

    private func packetIdentifier(_ id: UInt64, _ qos: MQTTQoS, isResent: Bool) -> UInt16? {
        if isResent, let known = resumed.removeValue(forKey: id) { return known }
        return client.window.open(id, qos)
    }

    /// The client does not get a delivery, or does not have to acknowledge it.
    private func finish(_ id: UInt64?) {
        if let id { finished.append(id) }
    }

    /// Tells the broker of deliveries that are done, which may bring the next ones.
    func acknowledgeFinished() {
        while !finished.isEmpty {
            let batch = finished
            finished = []
            for id in batch { session?.acknowledge(id) }
        }
    }

    // MARK: Acknowledgements

    /// Sends again what earlier connections left, then what was missed and what comes.
    func startDeliveries(_ session: DoorSession) {
        client.window.dropPublished(unless: session.isOwed)
        resumed = [:]
        for slot in client.window.open {
            if slot.state == .released {
                send(.pubrel(packetID: slot.packetID, reason: .success, properties: MQTTProperties()))
            } else {
                resumed[slot.delivery] = slot.packetID
            }
        }
        session.openWindow(to: windowLimit)
        session.startDeliveries()
    }

    private var windowLimit: Int { max(0, receiveMaximum - client.window.releasedCount) }

    func acknowledged(_ packetID: UInt16) {
        guard let id = client.window.close(packetID, .publishedOnce) else { return }
        session?.acknowledge(id)
    }

    func received(_ packetID: UInt16, _ reason: MQTTReason) {
        if reason.isError {
            if let id = client.window.close(packetID, .published) { session?.acknowledge(id) }
            return
        }
        if let id = client.window.release(packetID) {
            // The identifier stays in use until PUBCOMP, and counts as one that is unacknowledged.
            if receiveMaximum < Int(UInt16.max) { session?.openWindow(to: windowLimit) }
            session?.acknowledge(id)
        } else if client.window.state(packetID) != .released {
            return send(
                .pubrel(packetID: packetID, reason: .packetIdentifierNotFound, properties: MQTTProperties()))
        }
        send(.pubrel(packetID: packetID, reason: .success, properties: MQTTProperties()))
    }

    func completed(_ packetID: UInt16) {
        guard client.window.close(packetID, .released) != nil else { return }
        if receiveMaximum < Int(UInt16.max) { session?.openWindow(to: windowLimit) }
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
