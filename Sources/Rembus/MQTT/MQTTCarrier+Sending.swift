import Logging
import NIOCore
import RembusMQTT
import RembusTransport

/// Messages of the component.
extension MQTTCarrier: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        guard link === self.link else { return }
        switch FrameHeader.parse(message) {
        case .regular(let header): handle(header, message)
        case .irregular: (try? Message(cbor: ByteBuffer(bytes: message))).map(handle)
        case .malformed: break
        }
    }

    func linkFlushes(_ link: Link) {
        guard link === self.link else { return }
        connection?.flush()
        reportBacklog()
    }

    func link(_ link: Link, reads isReading: Bool) {
        if link === self.link { connection?.setReading(isReading) }
    }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        guard link === self.link else { return }
        self.link = nil
        // The component ends for good, so the server need not keep its session.
        connection?.disconnect(forgettingSession: true)
        connection?.flush()
    }

    // MARK: Publications

    private func handle(_ header: FrameHeader, _ message: UnsafeRawBufferPointer) {
        switch header.kind {
        case .publish: publish(header, message)
        case .ack: header.id(in: message).map(acknowledged)
        case .request:
            guard let id = header.id(in: message) else { return }
            let text = "MQTT has no calls, so none of `\(header.topic(in: message))`. Connect to a Rembus broker."
            reply(.response(.init(id: id, status: .methodNotFound, data: .text(text))))
        case .response, .ack2: break
        }
    }

    private func publish(_ header: FrameHeader, _ message: UnsafeRawBufferPointer) {
        let topic = header.topic(in: message)
        let qos = MQTTQoS(rawValue: UInt8(header.flags.qos.rawValue)) ?? .atMostOnce
        let id = qos == .atMostOnce ? nil : header.id(in: message)
        guard MQTTTopics.isValidTopic(topic), !TopicPattern.isPattern(topic) else {
            logger.warning("MQTT cannot carry the topic", metadata: ["topic": "\(topic)"])
            let text = "MQTT has no topic `\(topic)`: it must not be empty or contain `#`, `+` or NUL. Name another."
            if let id { reply(.response(.init(id: id, status: .error, data: .text(text)))) }
            return
        }
        var payload = ByteBuffer()
        let arguments = UnsafeRawBufferPointer(
            rebasing: message[header.payloadOffset..<header.payloadOffset + header.payloadLength])
        guard let written = MQTTPayload.write(arguments: arguments, into: &payload) else { return }
        if mqtt.facts?.version == .v311 { echoes.note(topic, payload, Array(filters.keys)) }
        let publish = MQTTPublish(topic: topic, payload: payload, qos: qos, properties: written.properties)
        connection?.publish(publish, token: id?.littleEndianValue)
    }

    private func acknowledged(_ id: MessageID) {
        guard let key = id.littleEndianValue, let delivery = owed.removeValue(forKey: key) else { return }
        if delivery.receipt.qos == .exactlyOnce { reply(.ack2(id)) }
        // A message is acknowledged when all deliveries that were made from it are.
        let first = firstID(delivery.receipt)
        for copy in 0..<delivery.copies where owed[first &+ copy] != nil { return }
        connection?.acknowledge(delivery.receipt)
    }

    /// The id of the first delivery of a message. A copy of the message has the same one.
    func firstID(_ receipt: MQTTReceipt) -> UInt64 { idBase &+ receipt.number << 8 }

    /// The most subscriptions that one message is delivered to.
    static let maxCopies = 64

    // MARK: Everything else

    private func handle(_ message: Message) {
        switch message {
        case .identity(let identity): reply(.response(.init(id: identity.id, status: .ok, data: .array([]))))
        case .attestation(let attestation): reply(.response(.init(id: attestation.id, status: .ok)))
        case .admin(let admin): perform(admin)
        case .ping(let id, _): reply(.response(.init(id: id, status: .ok)))
        case .register(let register):
            let text = "MQTT servers register no components"
            reply(.response(.init(id: register.id, status: .error, data: .text(text))))
        case .unregister(let id):
            reply(.response(.init(id: id, status: .error, data: .text("MQTT servers register no components"))))
        default: break
        }
    }

    private func perform(_ admin: Message.Admin) {
        guard let command = try? AdminCommand(admin.data) else { return refuse(admin, "the command is malformed") }
        switch command {
        case .subscribe: subscribe(admin)
        case .unsubscribe: unsubscribe(admin)
        case .reactive(let status, _):
            isReactive = status
            reply(.response(.init(id: admin.id, status: .ok)))
            // Messages that were held back are delivered after the answer to `reactive`.
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            if status { eventLoop.execute { bound.value.deliverHeld() } }
        case .expose: refuse(admin, "MQTT has no calls, so nothing can be exposed")
        case .unexpose: reply(.response(.init(id: admin.id, status: .ok)))
        default: refuse(admin, "MQTT has no such command")
        }
    }

    func refuse(_ admin: Message.Admin, _ text: String) {
        reply(.response(.init(id: admin.id, status: .error, data: .text(text))))
    }
}
