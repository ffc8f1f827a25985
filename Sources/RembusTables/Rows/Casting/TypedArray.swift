import NIOCore
import RembusWire

/// Byte strings that are arrays of numbers (RFC 8746), as arrays of values.
enum TypedArray {
    /// Tag 80 among them is a dataframe here (protocol.md §5), 83 and 87 are floats of 128 bits, 76 is reserved.
    static let tags: Set<UInt64> = Set(64...87).subtracting([76, 80, 83, 87])

    /// The value with every typed array in it as a plain one, so that its JSON shows numbers.
    static func expanded(_ value: Value) -> Value {
        switch value {
        case .array(let elements): return .array(elements.map(expanded))
        case .map(let map):
            return .map(ValueMap(pairs: map.pairs.map { .init(key: $0.key, value: expanded($0.value)) }))
        case .tagged(let tag, .bytes(let bytes)): return elements(tag, bytes) ?? value
        case .tagged(let tag, let content): return .tagged(tag, expanded(content))
        default: return value
        }
    }

    private static func elements(_ tag: UInt64, _ bytes: ByteBuffer) -> Value? {
        switch tag {
        case 64, 68: integers(bytes, UInt8.self, .big)
        case 65: integers(bytes, UInt16.self, .big)
        case 66: integers(bytes, UInt32.self, .big)
        case 67: integers(bytes, UInt64.self, .big)
        case 69: integers(bytes, UInt16.self, .little)
        case 70: integers(bytes, UInt32.self, .little)
        case 71: integers(bytes, UInt64.self, .little)
        case 72: integers(bytes, Int8.self, .big)
        case 73: integers(bytes, Int16.self, .big)
        case 74: integers(bytes, Int32.self, .big)
        case 75: integers(bytes, Int64.self, .big)
        case 77: integers(bytes, Int16.self, .little)
        case 78: integers(bytes, Int32.self, .little)
        case 79: integers(bytes, Int64.self, .little)
        case 81: numbers(bytes, .big) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case 82: numbers(bytes, .big) { (bits: UInt64) in Double(bitPattern: bits) }
        case 84: numbers(bytes, .little) { (bits: UInt16) in Double(halfBits: bits) }
        case 85: numbers(bytes, .little) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
        case 86: numbers(bytes, .little) { (bits: UInt64) in Double(bitPattern: bits) }
        default: nil
        }
    }

    private static func integers<T: FixedWidthInteger>(
        _ bytes: ByteBuffer, _ type: T.Type, _ endianness: Endianness
    ) -> Value? {
        words(bytes, endianness) { (word: T) in
            Int64(exactly: word).map(Value.integer) ?? Value(unsigned: UInt64(truncatingIfNeeded: word))
        }
    }

    private static func numbers<T: FixedWidthInteger>(
        _ bytes: ByteBuffer, _ endianness: Endianness, _ number: (T) -> Double
    ) -> Value? {
        words(bytes, endianness) { .float(number($0)) }
    }

    /// Nil when the bytes are not whole words.
    private static func words<T: FixedWidthInteger>(
        _ bytes: ByteBuffer, _ endianness: Endianness, _ make: (T) -> Value
    ) -> Value? {
        guard bytes.readableBytes % MemoryLayout<T>.size == 0 else { return nil }
        var rest = bytes
        var values: [Value] = []
        while let word = rest.readInteger(endianness: endianness, as: T.self) { values.append(make(word)) }
        return .array(values)
    }
}
