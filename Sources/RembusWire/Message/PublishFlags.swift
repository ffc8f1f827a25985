/// The high nibble of the first element of a publication (docs/spec/protocol.md §3.2), kept as it was received.
public struct PublishFlags: RawRepresentable, Hashable, Sendable {
    /// The flags in their place in the first element: 0x00…0xF0 in steps of 0x10.
    public let rawValue: UInt8

    /// Makes flags; the low nibble is dropped.
    public init(rawValue: UInt8) { self.rawValue = rawValue & 0xF0 }

    /// Makes flags for a quality of service, with or without a slot.
    public init(qos: QoS, hasSlot: Bool = false) {
        let level: UInt8 =
            switch qos {
            case .atMostOnce: 0
            case .atLeastOnce: Self.acknowledgedBit
            case .exactlyOnce: Self.acknowledgedBit | Self.onceBit
            }
        rawValue = level | (hasSlot ? Self.slotBit : 0)
    }

    /// The quality of service. Bit 0x20 alone, which senders should not use, counts as at least once, as in Python.
    public var qos: QoS {
        switch rawValue & (Self.acknowledgedBit | Self.onceBit) {
        case 0: .atMostOnce
        case Self.acknowledgedBit | Self.onceBit: .exactlyOnce
        default: .atLeastOnce
        }
    }

    /// Whether the low 32 bits of the message id hold a slot (docs/spec/protocol.md §4).
    public var hasSlot: Bool { rawValue & Self.slotBit != 0 }

    /// Whether the message has an id, which is the case exactly when any flag is set.
    public var requiresID: Bool { rawValue != 0 }

    /// Set when the receiver must acknowledge.
    static let acknowledgedBit: UInt8 = 0x10
    /// Set in addition for exactly-once delivery.
    static let onceBit: UInt8 = 0x20
    /// Set when the id holds a slot.
    static let slotBit: UInt8 = 0x40
    /// Reserved: sent as 0, and relayed as received.
    public static let reservedBit: UInt8 = 0x80
}
