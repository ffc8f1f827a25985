import RembusWire

/// A CBOR item as far as it can be told without building anything; texts and bytes point into the message.
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
        case 0: return .unsigned(head.argument)
        case 1: return .negative(head.argument)
        case 2 where !head.isIndefinite:
            guard let bytes = string(head, &scanner) else { return nil }
            return .bytes(bytes)
        case 3 where !head.isIndefinite:
            guard let bytes = string(head, &scanner), UTF8Check.isValid(bytes) else { return nil }
            return .text(bytes)
        case 7: return simple(head)
        default:
            scanner.offset = start
            guard scanner.skipItem(depth: FrameHeader.maxDepth) else { return nil }
            return .other(UnsafeRawBufferPointer(start: scanner.base + start, count: scanner.offset &- start))
        }
    }

    @inline(__always)
    private static func string(_ head: CBORScanner.Head, _ scanner: inout CBORScanner) -> UnsafeRawBufferPointer? {
        guard head.argument <= UInt64(scanner.end &- scanner.offset) else { return nil }
        let bytes = UnsafeRawBufferPointer(
            start: scanner.base + scanner.offset, count: Int(truncatingIfNeeded: head.argument))
        scanner.offset &+= bytes.count
        return bytes
    }

    private static func simple(_ head: CBORScanner.Head) -> CBORScalar? {
        switch head.info {
        case 20: .bool(false)
        case 21: .bool(true)
        case 22, 23: .null
        case 25: .float(Double(halfBits: UInt16(truncatingIfNeeded: head.argument)))
        case 26: .float(Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument))))
        case 27: .float(Double(bitPattern: head.argument))
        case 31: nil
        // A simple value without a meaning.
        default: .null
        }
    }
}

extension Double {
    /// The value of a half-precision number, which not every platform has a type for.
    init(halfBits bits: UInt16) {
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Double(bits & 0x3FF)
        let magnitude: Double =
            switch exponent {
            case 0: fraction / 16_777_216
            case 31: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
            }
        self = bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
