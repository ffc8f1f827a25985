import NIOCore

/// A publication on its way to one subscription: what a packet identifier stands for, in every run of the broker.
struct DeliveryPlace: Sendable, Hashable {
    /// Stands for the subscription.
    var key: UInt64
    /// Names the publication.
    var receivedAt: UInt64
}

/// One step of an exchange at QoS 2, as it is written down.
enum PacketChange: Sendable, Equatable {
    /// A publication gets an identifier. Durable before the PUBLISH leaves: the client may keep the identifier.
    case opened(UInt16, DeliveryPlace)
    /// The client has it (PUBREC). Durable before the PUBREL leaves: behind it the client takes the same identifier for
    /// another message.
    case released(UInt16)
    /// PUBCOMP: the identifier is free. Nobody waits for it: a PUBREL too many does no harm.
    case completed(UInt16)
    /// A publication of the client is in the journal, under this id. Written behind the journal, and nobody waits for it:
    /// the journal says it too, for some time.
    case received(UInt16, id: UInt64)
    /// PUBREL: the client may use the identifier again. Durable before the PUBCOMP leaves. All of its publications that were
    /// received until `through` and are not noted as received are ended too.
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

    /// The change whose kind was read already.
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
