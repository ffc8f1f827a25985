/// How a Rembus message is divided into header and body (protocol.md §12).
///
/// The header is the CBOR array of the message without its payload, and the body is the payload.
struct PartLayout: Equatable {
    /// The index of the payload in the array of the message; nil for messages without one.
    var payloadIndex: Int?
    /// Whether the body is the content of a byte string instead of a CBOR item.
    var isRaw = false
    /// Whether a dealer's header has a null in the place of the payload.
    var hasPlaceholder = false

    /// The layout of messages whose first element is `type`. Messages of unknown types are passed on unchanged, and
    /// refused where messages are decoded.
    static func of(type: UInt64) -> PartLayout {
        switch type & 0x0F {
        case 1: PartLayout(payloadIndex: type & 0xF0 == 0 ? 2 : 3)
        case 2: PartLayout(payloadIndex: 4)
        case 3: PartLayout(payloadIndex: 3, hasPlaceholder: true)
        case 4: PartLayout(payloadIndex: 3)
        case 10: PartLayout(payloadIndex: 4, isRaw: true)
        case 11: PartLayout(payloadIndex: 3, isRaw: true)
        default: PartLayout()
        }
    }
}

/// Constants of the framing.
enum Framing {
    /// The last part of every message.
    static let end: [UInt8] = [0xDE, 0xAD, 0xBE, 0xEF, 0xDE, 0xAD, 0xBE, 0xEF]
    /// CBOR null, the body of messages without a payload.
    static let null: UInt8 = 0xF6
    /// The most elements of a header, including some that a newer peer may add.
    static let maxElements = 16
}
