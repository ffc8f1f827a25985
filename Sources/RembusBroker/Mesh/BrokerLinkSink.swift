import NIOCore
import RembusTransport
import RembusWire
import Synchronization

/// Sends publications to another broker: as they were published, also where a pattern has brought them, and to one of ours
/// with a trailer.
final class BrokerLinkSink: DeliverySink {
    /// The session holds the sink, until its end.
    private unowned let session: Session
    private let broker: BrokerLink

    init(_ session: Session, _ broker: BrokerLink) {
        self.session = session
        self.broker = broker
    }

    func deliver(_ delivery: Delivery) {
        guard let base = delivery.bytes.baseAddress else { return }
        let header = delivery.header
        let trailer = broker.isOurs ? trailer(delivery) : nil
        if trailer == nil { noteEcho(delivery) }
        let idLength =
            delivery.id != nil
            ? 9 : header.idLength == 0 ? 0 : FrameWriter.headLength(header.idLength) + header.idLength
        let typeByte = FrameHeader.Kind.publish.rawValue | header.flags.rawValue
        // From the topic on the frame stays as it is.
        let body = header.topicItemOffset
        let head = 1 + FrameWriter.headLength(Int(typeByte)) + idLength
        let length = head + (header.end - body)
        broker.traffic.sent &+= 1
        session.core.mesh.totals.sent.wrappingAdd(1, ordering: .relaxed)
        session.traffic.sent(MessageClass(header.flags), bytes: length)
        session.link.sendBinary(length: length + (trailer == nil ? 0 : MeshTrailer.encodedLength)) { target in
            var writer = FrameWriter(target)
            writer.byte(header.flags.requiresID ? 0x84 : 0x83)
            writer.head(major: 0, Int(typeByte))
            if let id = delivery.id {
                writer.id(id)
            } else if header.idLength > 0 {
                writer.head(major: 2, header.idLength)
                writer.copy(base + header.idOffset, header.idLength)
            }
            writer.copy(base + body, header.end - body)
            trailer?.write(to: writer.cursor)
        }
    }

    func caughtUp() {}

    /// Where the publication is from: what another broker has said, or this one, which took it first.
    private func trailer(_ delivery: Delivery) -> MeshTrailer {
        guard var known = MeshTrailer(delivery.bytes, behind: delivery.header.end) else {
            return MeshTrailer(origin: session.core.mesh.own, receivedAt: delivery.receivedAt, isPast: delivery.isPast)
        }
        known.hops += 1
        known.isPast = known.isPast || delivery.isPast
        return known
    }

    /// A broker of another implementation sends a publication back under a pattern that it was told.
    private func noteEcho(_ delivery: Delivery) {
        let topic = delivery.header.topic(in: delivery.bytes)
        guard broker.comesBack(topic) else { return }
        guard
            case .publish(let publish)? = try? Message(
                cbor: .init(bytes: delivery.bytes[..<delivery.header.end]), limits: session.core.decodingLimits)
        else { return }
        broker.echoes.note(EchoMemory.key(topic: topic, publish.arguments[...]), now: session.lane.now)
    }
}
