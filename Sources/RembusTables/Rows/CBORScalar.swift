import RembusSupport
import RembusWire

/// A CBOR item as far as it can be read without allocating memory; texts and bytes point into the message.
enum CBORScalar: BitwiseCopyable {
    case null
    case bool(Bool)
    case unsigned(UInt64)
    /// The integer `-1 - n`.
    case negative(UInt64)
    case float(Double)
    /// Valid UTF-8.
    case text(UnsafeRawBufferPointer)
    case bytes(UnsafeRawBufferPointer)
    /// Anything else: the bytes of the whole item, well formed.
    case other(UnsafeRawBufferPointer)

    /// Reads an item and moves behind it; nil when it is malformed.
    @inline(__always)
    static func read(_ scanner: inout CBORScanner) -> CBORScalar? {
        let start = scanner.offset
        // A double, the usual form of a measured value, needs one load.
        if scanner.end &- start >= 9, scanner.base.load(fromByteOffset: start, as: UInt8.self) == 0xFB {
            scanner.offset = start &+ 9
            let bits = (scanner.base + start + 1).loadUnaligned(as: UInt64.self).bigEndian
            return .float(Double(bitPattern: bits))
        }
        guard let head = scanner.head() else { return nil }
        switch head.major {
        case .unsigned: return .unsigned(head.argument)
        case .negative: return .negative(head.argument)
        case .bytes where !head.isIndefinite:
            guard let bytes = scanner.content(head) else { return nil }
            return .bytes(bytes)
        case .text where !head.isIndefinite:
            guard let bytes = scanner.content(head), UTF8Check.isValid(bytes) else { return nil }
            return .text(bytes)
        case .simple: return simple(head)
        default:
            scanner.offset = start
            guard scanner.skipItem(depth: FrameHeader.maxDepth) else { return nil }
            return .other(UnsafeRawBufferPointer(start: scanner.base + start, count: scanner.offset &- start))
        }
    }

    private static func simple(_ head: CBORHead) -> CBORScalar? {
        switch head.info {
        case 20: .bool(false)
        case 21: .bool(true)
        case 22, 23: .null
        case 25: .float(Double(halfBits: UInt16(truncatingIfNeeded: head.argument)))
        case 26: .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument))))
        case 27: .float(Double(bitPattern: head.argument))
        case CBORHead.indefinite: nil
        // A simple value without a meaning.
        default: .null
        }
    }
}
