import Logging
import NIOCore
import RembusMQTT
import RembusTransport

/// Packets from the MQTT server.
extension MQTTCarrier: MQTTClientDelegate {
    func mqtt(_ connection: MQTTClientConnection, accepted facts: MQTTServerFacts) {
        self.connection = connection
        // The component will subscribe again, and get again what it has not acknowledged.
        isReactive = false
        filters.removeAll()
        owed.removeAll()
        held.removeAll()
        mqtt.forgetDelivered()
        link = makeLink?(self)
        makeLink = nil
        if challenges {
            let challenge = Value.bytes(ByteBuffer(bytes: (0..<32).map { _ in UInt8.random(in: 0...255) }))
            reply(.response(.init(id: .connection, status: .challenge, data: challenge)))
        }
    }

    func mqtt(_ connection: MQTTClientConnection, answered answer: MQTTClientSession.Answer) { answered(answer) }

    func mqtt(_ connection: MQTTClientConnection, published outcome: MQTTClientSession.Outcome) {
        if outcome.reason.isError {
            logger.warning("the MQTT server refuses a publication", metadata: ["reason": "\(outcome.reason)"])
            let text = "The MQTT server refuses it (\(outcome.reason)). Look at the rights that this user has there."
            return reply(
                .response(.init(id: MessageID(littleEndian: outcome.token), status: .error, data: .text(text))))
        }
        reply(.ack(MessageID(littleEndian: outcome.token)))
    }

    func mqttAdvanced(_ connection: MQTTClientConnection) { reportBacklog() }

    func mqttReadCompleted(_ connection: MQTTClientConnection) { link?.receiveCompleted() }

    func mqtt(_ connection: MQTTClientConnection, ended failure: MQTTClientFailure) {
        guard self.connection === connection else { return }
        self.connection = nil
        let (link, isReplaced) = (link, failure.kind == .refused(.sessionTakenOver))
        self.link = nil
        link?.sinkEnded(
            LinkCloseReason(
                code: isReplaced ? ClientSession.overwritten : 1006, text: failure.description, isRemote: true))
    }

    // MARK: Messages

    func mqtt(_ connection: MQTTClientConnection, received publish: MQTTPublish, receipt: MQTTReceipt?) {
        if mqtt.facts?.version == .v311, echoes.isEcho(publish.topic, publish.payload) {
            receipt.map(connection.acknowledge)
            return
        }
        guard isReactive else {
            // The number of messages to be acknowledged is limited by the window that was announced to the server; that
            // of the others is limited here.
            if receipt != nil || held.count < 4096 { held.append((publish, receipt)) }
            return
        }
        deliver(publish, receipt)
    }

    func deliverHeld() {
        guard isReactive else { return }
        let messages = held
        held.removeAll()
        for (publish, receipt) in messages { deliver(publish, receipt) }
        link?.receiveCompleted()
        connection?.flush()
    }

    private func deliver(_ publish: MQTTPublish, _ receipt: MQTTReceipt?) {
        scratch.clear()
        MQTTPayload.writeArguments(of: publish.payload, publish.properties, into: &scratch)
        let arguments = scratch
        let (identifiers, topic) = (publish.properties.subscriptionIdentifiers, publish.topic)
        var receivers: [(text: String, isPattern: Bool)] = []
        for (filter, interest) in filters {
            // A server that sends a message once for each subscription says which subscription it is for.
            let isMeant =
                identifiers.isEmpty
                ? MQTTTopics.matches(filter: filter, topic: topic) : identifiers.contains(interest.identifier)
            guard isMeant else { continue }
            for (text, pattern) in interest.topics where pattern?.matches(topic) ?? (text == topic) {
                receivers.append((text, pattern != nil))
            }
        }
        // No subscription matches any more. The message is acknowledged, so that the server does not send it again.
        if receivers.isEmpty, let receipt { connection?.acknowledge(receipt) }
        let first = receipt.map(firstID)
        let copies = min(receivers.count, Self.maxCopies)
        for (index, receiver) in receivers.prefix(copies).enumerated() {
            let id = first.map { $0 &+ UInt64(index) }
            if let id, let receipt { owed[id] = MQTTOwedDelivery(receipt: receipt, copies: UInt64(copies)) }
            let frame = frame(receiver.text, isPattern: receiver.isPattern, topic, id, receipt?.qos, arguments)
            frame.withUnsafeReadableBytes { link?.receive($0) }
        }
    }

    /// A delivery in the form that brokers send: under the topic, or under the pattern with the topic as first
    /// argument.
    private func frame(
        _ text: String, isPattern: Bool, _ topic: String, _ id: UInt64?, _ qos: MQTTQoS?, _ arguments: ByteBuffer
    ) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(arguments.readableBytes + text.utf8.count + topic.utf8.count + 32)
        frame.writeInteger(id == nil ? 0x83 : 0x84 as UInt8)
        let flags: UInt8 = qos == .exactlyOnce ? 0x30 : qos == .atLeastOnce ? 0x10 : 0
        frame.writeCBORHead(.unsigned, UInt64(1 | flags))
        if let id { frame.writeCBORID(MessageID(littleEndian: id)) }
        frame.writeCBORText(text)
        guard isPattern else {
            frame.writeImmutableBuffer(arguments)
            return frame
        }
        arguments.withUnsafeReadableBytes { bytes in
            var scanner = CBORScanner(bytes)
            let count = scanner.head()?.argument ?? 0
            frame.writeCBORHead(.array, count + 1)
            frame.writeCBORText(topic)
            frame.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[scanner.offset...]))
        }
        return frame
    }
}
