import Logging
import NIOCore
import RembusBroker
import RembusMQTT
import RembusTransport
import RembusWire

/// A delivery at QoS 1 or 2 that was published at the MQTT broker.
struct OutwardDelivery {
    var id: MessageID
    var session: Int
}

/// Messages from Rembus to MQTT.
extension BridgeSession: DeliverySink, LinkSink {
    func deliver(_ delivery: Delivery) {
        session?.countSent(delivery)
        pass(delivery)
    }

    func caughtUp() {}

    /// The session makes no calls and sends no commands, and gets deliveries, answers and acknowledgements without frames.
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {}

    func linkFlushes(_ link: Link) {
        connection?.flush()
        reportBacklog()
    }

    func link(_ link: Link, reads isReading: Bool) { connection?.setReading(isReading) }

    func link(_ link: Link, closes reason: LinkCloseReason) {
        guard link === opened?.link else { return }
        sessionEnded(reason)
    }

    /// Reports unsent bytes, so that the broker treats a slow MQTT broker as a slow subscriber. While there is no
    /// connection, messages wait in the queue instead.
    func reportBacklog() {
        session?.link.setSinkBacklog(connection?.isOpen == true ? mqtt.waitingBytes : 0)
    }

    private static let maxQueueBytes = 64 << 20

    private func pass(_ delivery: Delivery) {
        let qos = MQTTQoS(rawValue: UInt8(delivery.qos.rawValue)) ?? .atMostOnce
        let id = delivery.id.map { MessageID(littleEndian: $0) }
        let topic = delivery.header.topic(in: delivery.bytes)
        guard MQTTTopics.isValidTopic(topic) else {
            host.countDropped()
            warnings.note("topics that MQTT cannot carry", "\(topic.prefix(100).debugDescription)")
            return settle(id)
        }
        // Deliveries with an id are limited by the broker's window.
        if id == nil, mqtt.waitingCount >= maxQueue || mqtt.waitingBytes >= Self.maxQueueBytes {
            host.countDropped()
            return warnings.note("messages for the MQTT broker, which takes no more", "the queue is full")
        }
        payload.clear()
        let arguments = UnsafeRawBufferPointer(
            rebasing: delivery.bytes[delivery.header.payloadOffset..<delivery.header.end])
        guard let written = MQTTPayload.write(arguments: arguments, into: &payload) else { return settle(id) }
        var properties = written.properties
        if mqtt.facts?.version == .v311 {
            echoes.note(topic, payload, filters)
        } else if let identity = session?.identity(of: delivery) {
            properties.userProperties.append((MQTTPayload.identity, identity.text))
        }
        // The publication takes the memory over.
        let publish = MQTTPublish(topic: topic, payload: payload, qos: qos, properties: properties)
        payload = ByteBuffer()
        var token: UInt64?
        if let id {
            lastToken += 1
            token = lastToken
            outward[lastToken] = OutwardDelivery(id: id, session: sessionNumber)
        }
        if let connection, connection.isOpen {
            connection.publish(publish, token: token)
        } else {
            // Without a connection the publication waits, and nothing is written.
            mqtt.publish(publish, token: token, into: &frame)
        }
    }

    /// Finishes a delivery.
    func settle(_ id: MessageID?) {
        guard let id else { return }
        // Acknowledging may make the broker send more, which is not allowed here. So it is done later.
        if settled.isEmpty {
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            eventLoop.execute { bound.value.acknowledgeSettled() }
        }
        settled.append(id)
    }

    private func acknowledgeSettled() {
        let ids = settled
        settled.removeAll(keepingCapacity: true)
        guard let session, !ids.isEmpty else { return }
        session.beginWork()
        for id in ids { session.confirmDelivery(id) }
        session.endWork()
    }
}
