import NIOCore

/// A publication on its way to one subscription. A packet identifier stands for it, in every run of the broker.
struct DeliveryPlace: Sendable, Hashable {
    /// Identifies the subscription.
    var key: UInt64
    /// Identifies the publication, by its receive time.
    var receivedAt: UInt64
}

/// One step of an exchange at QoS 2, as it is logged.
enum PacketChange: Sendable, Equatable {
    /// A publication gets an identifier. Durable before the PUBLISH leaves, because the client may keep the identifier.
    case opened(UInt16, DeliveryPlace)
    /// The client has the publication (PUBREC). Durable before the PUBREL leaves, because the client then accepts the
    /// same identifier for another message.
    case released(UInt16)
    /// The identifier is free (PUBCOMP). Nothing waits for this step, because another PUBREL does no harm.
    case completed(UInt16)
    /// A publication of the client is in the journal, with this id. Written after the journal. Nothing waits for this
    /// step, because the journal contains the publication too, for some time.
    case received(UInt16, id: UInt64)
    /// The client may reuse the identifier (PUBREL). Durable before the PUBCOMP leaves. This also ends all of the
    /// client's publications that were received until `through` and have no `received` step.
    case ended(UInt16, through: UInt64)

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .opened(let packetID, let place):
            buffer.writeMultipleIntegers(UInt8(1), packetID, place.key, place.receivedAt)
        case .released(let packetID): buffer.writeMultipleIntegers(UInt8(2), packetID)
        case .completed(let packetID): buffer.writeMultipleIntegers(UInt8(3), packetID)
        case .received(let packetID, let id): buffer.writeMultipleIntegers(UInt8(4), packetID, id)
        case .ended(let packetID, let time): buffer.writeMultipleIntegers(UInt8(5), packetID, time)
        }
    }

    /// Reads a change whose kind was read already.
    init?(kind: UInt8, _ buffer: inout ByteBuffer) {
        guard let packetID = buffer.readInteger(as: UInt16.self) else { return nil }
        switch kind {
        case 1:
            guard let (key, time) = buffer.readMultipleIntegers(as: (UInt64, UInt64).self) else { return nil }
            self = .opened(packetID, DeliveryPlace(key: key, receivedAt: time))
        case 2: self = .released(packetID)
        case 3: self = .completed(packetID)
        case 4:
            guard let id = buffer.readInteger(as: UInt64.self) else { return nil }
            self = .received(packetID, id: id)
        case 5:
            guard let time = buffer.readInteger(as: UInt64.self) else { return nil }
            self = .ended(packetID, through: time)
        default: return nil
        }
    }
}
