import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusWire

/// A message at QoS 1 that the broker has not acknowledged.
struct InwardMessage {
    var topic: String
    var frame: ByteBuffer
    var receipt: MQTTReceipt
    /// Which publication of linked brokers it is; nil for a message of others.
    var identity: PublicationIdentity?
    var sentAt: NIODeadline
}

/// Messages from MQTT to Rembus.
extension BridgeSession: MQTTClientDelegate, AnswerSink {
    func mqtt(_ connection: MQTTClientConnection, accepted facts: MQTTServerFacts) {
        self.connection = connection
        noteAccepted(facts)
        // Retained messages are asked for with the first subscription only, not after each reconnect.
        let subscriptions = filters.map {
            MQTTSubscription(filter: $0, qos: .atLeastOnce, noLocal: true, retainHandling: facts.sessionPresent ? 1 : 0)
        }
        if !connection.subscribe(subscriptions, token: 0) {
            host.logger.error("the bridge cannot subscribe at the MQTT broker")
        }
        mqttAdvanced(connection)
    }

    func mqtt(_ connection: MQTTClientConnection, answered answer: MQTTClientSession.Answer) {
        for (filter, reason) in zip(filters, answer.reasons) where reason.isError {
            host.logger.warning("the MQTT broker refuses a subscription to \(filter): \(reason)")
        }
    }

    func mqtt(_ connection: MQTTClientConnection, received publish: MQTTPublish, receipt: MQTTReceipt?) {
        if mqtt.facts?.version == .v311, echoes.isEcho(publish.topic, publish.payload) {
            receipt.map(connection.acknowledge)
            return
        }
        let identity = identity(publish.properties)
        guard let receipt else {
            // There is no session that could take it, and a message at QoS 0 need not be kept.
            guard let session else { return host.countDropped() }
            frame.clear()
            frame.writeInteger(0x83 as UInt8)
            frame.writeInteger(0x01 as UInt8)
            frame.writeCBORText(publish.topic)
            MQTTPayload.writeArguments(of: publish.payload, publish.properties, into: &frame)
            _ = pass(frame, publish.topic, identity, session)
            return
        }
        lastInward &+= 1
        var message = ByteBuffer()
        message.writeInteger(0x84 as UInt8)
        message.writeInteger(0x11 as UInt8)
        message.writeCBORID(MessageID(littleEndian: lastInward))
        message.writeCBORText(publish.topic)
        MQTTPayload.writeArguments(of: publish.payload, publish.properties, into: &message)
        let waiting = InwardMessage(
            topic: publish.topic, frame: message, receipt: receipt, identity: identity, sentAt: .now())
        inward[lastInward] = waiting
        if let session { hand(waiting, lastInward, session) }
    }

    private func identity(_ properties: MQTTProperties) -> PublicationIdentity? {
        guard !properties.isEmpty else { return nil }
        return properties.userProperties.first { $0.name == MQTTPayload.identity }.flatMap {
            PublicationIdentity($0.value)
        }
    }

    /// Publishes a message at the broker, which acknowledges it. A refusal is final, so the message is acknowledged to
    /// the MQTT broker; a message that the broker has no room for is published again later.
    private func hand(
        _ message: InwardMessage, _ id: UInt64, _ session: GatewaySession, isRepeated: Bool = false
    ) {
        switch pass(message.frame, message.topic, message.identity, session, isRepeated: isRepeated) {
        case nil, .refused: durable(id)
        default: break
        }
    }

    /// nil for a message that the broker has already.
    private func pass(
        _ frame: ByteBuffer, _ topic: String, _ identity: PublicationIdentity?, _ session: GatewaySession,
        isRepeated: Bool = false
    ) -> PublishOutcome? {
        let outcome: PublishOutcome
        if let identity {
            guard let known = session.publish(frame, as: identity, isRepeated: isRepeated) else { return nil }
            outcome = known
        } else {
            outcome = session.publish(frame)
        }
        switch outcome {
        case .refused(.unusableTopic(let objection)):
            var topic = topic
            topic.withUTF8 { session.noteUnusable(UnsafeRawBufferPointer($0), objection) }
        case .refused: host.countDropped()
        case .accepted, .durable, .noRoom, .stopping, .unconfirmed, .ended: break
        }
        return outcome
    }

    func mqttReadCompleted(_ connection: MQTTClientConnection) { session?.endWork() }

    /// The broker has stored a message, so it can be acknowledged to the MQTT broker.
    func durable(_ id: UInt64) {
        guard let message = inward.removeValue(forKey: id) else { return }
        if let connection {
            connection.acknowledge(message.receipt)
        } else {
            mqtt.acknowledge(message.receipt, into: &frame)
        }
    }

    /// Publishes messages again that the broker had no room for.
    func retryInward(all: Bool = false) {
        warnings.report()
        guard let session, !inward.isEmpty else { return }
        let now = NIODeadline.now()
        let due = inward.filter { all || now - $0.value.sentAt > .seconds(5) }.sorted { $0.key < $1.key }
        guard !due.isEmpty else { return }
        session.beginWork()
        for (id, message) in due {
            inward[id]?.sentAt = now
            hand(message, id, session, isRepeated: true)
        }
        session.endWork()
        connection?.flush()
    }

    func mqtt(_ connection: MQTTClientConnection, published outcome: MQTTClientSession.Outcome) {
        guard let delivery = outward.removeValue(forKey: outcome.token) else { return }
        if outcome.reason.isError {
            host.countDropped()
            warnings.note("messages that the MQTT broker refuses", "\(outcome.reason)")
        }
        if delivery.session == sessionNumber { settle(delivery.id) }
    }

    func mqttAdvanced(_ connection: MQTTClientConnection) {
        reportBacklog()
        // The broker may have sent more when there was room in the queue.
        session?.endWork()
    }

    func mqtt(_ connection: MQTTClientConnection, ended failure: MQTTClientFailure) {
        if self.connection === connection { self.connection = nil }
        session?.link.setSinkBacklog(0)
        finish()
        failed(failure)
    }
}
