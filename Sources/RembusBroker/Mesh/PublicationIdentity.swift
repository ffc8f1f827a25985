package import NIOCore
import RembusWire

/// Which publication it is among those of all linked brokers: for a gateway that passes publications on to where another broker
/// of ours may take them up again.
package struct PublicationIdentity: Sendable, Equatable {
    let trailer: MeshTrailer

    init(_ trailer: MeshTrailer) { self.trailer = trailer }

    /// Reads ``text``; nil for anything else.
    package init?(_ text: String) {
        let numbers = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0, radix: 16) }
        guard numbers.count == 3, let origin = numbers[0], let time = numbers[1],
            let hops = numbers[2].flatMap(UInt8.init(exactly:))
        else { return nil }
        trailer = MeshTrailer(origin: origin, receivedAt: time, hops: hops)
    }

    package var text: String {
        [trailer.origin, trailer.receivedAt, UInt64(trailer.hops)].map { String($0, radix: 16) }.joined(separator: "-")
    }
}

extension GatewaySession {
    /// The identity of a publication that is being delivered; nil while this broker has no links to others.
    package func identity(of delivery: Delivery) -> PublicationIdentity? {
        guard session.core.mesh.isInUse else { return nil }
        guard var known = MeshTrailer(delivery.bytes, behind: delivery.header.end) else {
            return PublicationIdentity(
                MeshTrailer(origin: session.core.mesh.own, receivedAt: delivery.receivedAt))
        }
        known.hops += 1
        return PublicationIdentity(known)
    }

    /// Publishes a frame, unless this broker has published it first or has got it already; nil then.
    ///
    /// - Parameter isRepeated: Whether it was handed over before, without the expected result.
    package func publish(_ frame: ByteBuffer, as identity: PublicationIdentity, isRepeated: Bool) -> PublishOutcome? {
        let (mesh, trailer) = (session.core.mesh, identity.trailer)
        guard mesh.isInUse else { return publish(frame) }
        guard trailer.origin != mesh.own, trailer.hops <= MeshTrailer.maxHops, mesh.seen.insert(trailer) || isRepeated
        else { return nil }
        var marked = frame
        marked.writeWithUnsafeMutableBytes(minimumWritableBytes: MeshTrailer.encodedLength) { target in
            guard let base = target.baseAddress else { return 0 }
            trailer.write(to: base)
            return MeshTrailer.encodedLength
        }
        session.gateway.keepsTrailer = true
        defer { session.gateway.keepsTrailer = false }
        let outcome = publish(marked)
        if outcome == .noRoom || outcome == .stopping || outcome == .ended { mesh.seen.remove(trailer) }
        return outcome
    }

    /// Takes deliveries in their stored form, of a gateway that puts nothing behind its publications.
    package func setDeliverySink(_ sink: any DeliverySink) { session.gateway.deliverySink = sink }

    /// Counts a delivery that the gateway has sent.
    package func countSent(_ delivery: Delivery) {
        session.traffic.sent(MessageClass(delivery.header.flags), bytes: delivery.header.end)
    }
}
