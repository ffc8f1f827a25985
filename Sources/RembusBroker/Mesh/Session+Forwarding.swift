import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// Publications that come from another broker.
extension Session {
    /// A topic under which some brokers tell each other about their components; it concerns nobody else.
    private static let otherBrokersTopic = "component_info"

    func receiveForwarded(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, from broker: BrokerLink
    ) {
        broker.traffic.received &+= 1
        core.mesh.totals.received.wrappingAdd(1, ordering: .relaxed)
        guard !broker.isOurs else { return receiveTraced(header, bytes, owner: owner, from: broker) }
        // It comes by another way too.
        guard !broker.isResting else { return acknowledgeDropped(header, bytes) }
        origin = Origin(destination: broker.id, hops: 1)
        let topic = header.topic(in: bytes)
        if topic == Self.otherBrokersTopic { return acknowledgeDropped(header, bytes) }
        guard TopicPattern.isPattern(topic) else {
            take(header, bytes, owner: owner)
            return
        }
        guard broker.hasTold(pattern: topic), let inner = WrappedPublication(header, bytes),
            broker.isWanted(inner.topic, under: topic), !isEcho(inner, broker)
        else { return acknowledgeDropped(header, bytes) }
        inner.frame.withUnsafeReadableBytes { frame in
            guard case .regular(let header) = FrameHeader.parse(frame) else { return }
            take(header, frame, owner: inner.frame)
        }
    }

    private func isEcho(_ inner: WrappedPublication, _ broker: BrokerLink) -> Bool {
        guard
            case .publish(let publish)? = try? Message(cbor: inner.frame, limits: core.decodingLimits)
        else { return false }
        return broker.echoes.take(EchoMemory.key(topic: publish.topic, publish.arguments[...]), now: lane.now)
    }

    /// One from a broker of ours, which says what is needed to take it once.
    private func receiveTraced(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?, from broker: BrokerLink
    ) {
        guard let trailer = MeshTrailer(bytes, behind: header.end) else {
            origin = Origin(destination: broker.id, hops: 1)
            let frame = UnsafeRawBufferPointer(rebasing: bytes[..<header.end])
            take(header, frame, owner: frame.count == bytes.count ? owner : nil)
            return
        }
        guard trailer.origin != core.mesh.own, trailer.hops <= MeshTrailer.maxHops, core.mesh.seen.insert(trailer)
        else { return acknowledgeDropped(header, bytes) }
        origin = Origin(
            destination: broker.id, hops: trailer.hops, past: trailer.isPast ? trailer.receivedAt : nil)
        if !take(header, bytes, owner: owner) { core.mesh.seen.remove(trailer) }
    }

    /// False when the other end has to send it again.
    @discardableResult
    private func take(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, owner: ByteBuffer?) -> Bool {
        switch accept(header, bytes, owner: owner) {
        case .accepted, .durable, .unconfirmed: return true
        case .refused(let refusal):
            // Nobody at the other end could do anything about it, and it would be sent again for ever.
            noteRefusal(refusal, header, bytes)
            acknowledgeDropped(header, bytes)
            return true
        case .noRoom, .stopping, .ended: return false
        }
    }

    /// The other end is done with a publication that is not taken. Behind those that were taken before.
    private func acknowledgeDropped(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        brokerLink?.traffic.dropped &+= 1
        core.mesh.totals.dropped.wrappingAdd(1, ordering: .relaxed)
        guard header.flags.qos != .atMostOnce, let id = messageID(header, bytes) else { return }
        lane.acknowledgeWhenDurable(id, to: self)
    }
}

/// A publication as other brokers deliver it under a pattern: with its own topic as the first argument
/// (docs/spec/behaviour.md §6.2).
struct WrappedPublication {
    let topic: String
    /// The publication under its own topic.
    let frame: ByteBuffer

    /// nil when there is no usable topic, such as another pattern.
    init?(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard header.argumentCount > 0 else { return nil }
        let start = header.payloadOffset + header.argumentHeadLength
        var scanner = CBORScanner(bytes, offset: start)
        guard let text = scanner.string(.text), !text.isEmpty, !text.contains(UInt8(ascii: "*")) else { return nil }
        topic = String(decoding: text, as: UTF8.self)
        var buffer = ByteBuffer()
        buffer.reserveCapacity(header.end)
        // Up to the topic the frame stays as it is.
        buffer.writeBytes(bytes[..<header.topicItemOffset])
        buffer.writeBytes(bytes[start..<scanner.offset])
        buffer.writeCBORHead(.array, UInt64(header.argumentCount - 1))
        buffer.writeBytes(bytes[scanner.offset..<header.end])
        frame = buffer
    }
}
