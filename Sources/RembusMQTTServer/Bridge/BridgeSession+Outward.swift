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

/// Messages from Rembus to MQTT. The session subscribes to `**`, so deliveries have the real topic as their first
/// argument.
extension BridgeSession: LinkSink {
    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        guard case .regular(let header) = FrameHeader.parse(message) else { return }
        switch header.kind {
        case .publish: pass(header, message)
        // The session makes no calls and sends no commands through the link, and acknowledgements come without frames.
        case .request, .response, .ack, .ack2: break
        }
    }

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

    private func pass(_ header: FrameHeader, _ message: UnsafeRawBufferPointer) {
        let qos = MQTTQoS(rawValue: UInt8(header.flags.qos.rawValue)) ?? .atMostOnce
        let id = qos == .atMostOnce ? nil : header.id(in: message)
        guard let delivery = BridgeDelivery(header, message) else { return settle(id) }
        guard MQTTTopics.isValidTopic(delivery.topic) else {
            host.countDropped()
            warnings.note("topics that MQTT cannot carry", "\(delivery.topic.prefix(100).debugDescription)")
            return settle(id)
        }
        // Deliveries with an id are limited by the broker's window.
        if id == nil, mqtt.waitingCount >= maxQueue || mqtt.waitingBytes >= Self.maxQueueBytes {
            host.countDropped()
            return warnings.note("messages for the MQTT broker, which takes no more", "the queue is full")
        }
        payload.clear()
        guard let written = delivery.write(into: &payload) else { return settle(id) }
        if mqtt.facts?.version == .v311 { echoes.note(delivery.topic, payload, filters) }
        // The publication takes the memory over.
        let publish = MQTTPublish(
            topic: delivery.topic, payload: payload, qos: qos, properties: written.properties)
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

/// Parses a wildcard delivery in place.
private struct BridgeDelivery {
    let topic: String
    /// The arguments behind the topic.
    let arguments: UnsafeRawBufferPointer
    /// The number of arguments; −1 when they end with a break.
    let count: Int

    init?(_ header: FrameHeader, _ message: UnsafeRawBufferPointer) {
        var scanner = CBORScanner(message, offset: header.payloadOffset)
        guard let list = scanner.head(), list.major == .array, let first = scanner.string(.text) else { return nil }
        topic = String(decoding: first, as: UTF8.self)
        count = list.isIndefinite ? -1 : Int(list.argument) - 1
        arguments = UnsafeRawBufferPointer(
            rebasing: message[scanner.offset..<header.payloadOffset + header.payloadLength])
    }

    func write(into payload: inout ByteBuffer) -> MQTTPayload.Written? {
        if count == 0 { return .empty }
        if count == 1 {
            var scanner = CBORScanner(arguments)
            if let bytes = scanner.string(.bytes), scanner.isAtEnd {
                payload.writeBytes(bytes)
                return .bytes
            }
        }
        var list = ByteBuffer()
        if count < 0 { list.writeInteger(0x9F as UInt8) } else { list.writeCBORHead(.array, UInt64(count)) }
        list.writeBytes(arguments)
        return list.withUnsafeReadableBytes { MQTTPayload.write(arguments: $0, into: &payload) }
    }
}
