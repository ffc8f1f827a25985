public import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Value {
    /// Whether the value is null or undefined.
    public var isNull: Bool {
        switch self {
        case .null, .undefined: true
        default: false
        }
    }

    /// The truth value; nil for anything else.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer if it fits `Int`; nil for anything else, including floats.
    public var intValue: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    /// The integer if it fits `UInt64`; nil for anything else, including floats.
    public var uintValue: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// The number as a float, rounded if it is a large integer or a decimal fraction (tag 4); nil for anything else.
    public var doubleValue: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .negative(let complement): -1 - Double(complement)
        case .bigInteger(let value): value.doubleValue
        case .tagged(Tag.decimalFraction, _): decimalText.flatMap(Double.init)
        default: nil
        }
    }

    /// The number as Python's `float()` converts the value, which is how Rembus for Python reads durations: true and
    /// false become 1 and 0, a text becomes the number that it contains, and a decimal or rational number (tags 4, 5
    /// and 30) the nearest float. nil for anything else.
    package var numericValue: Double? {
        switch self {
        case .bool(let flag): return flag ? 1 : 0
        case .text(let text):
            let digits = text.drop(while: \.isWhitespace)
            let end = digits.lastIndex { !$0.isWhitespace }
            return end.flatMap { Double(digits[...$0]) }
        case .tagged(let tag, .array(let parts)) where parts.count == 2:
            guard let first = parts[0].doubleValue, let second = parts[1].doubleValue else { return nil }
            switch tag {
            case Tag.decimalFraction: return second * pow(10, first)
            case Tag.bigFloat: return second * pow(2, first)
            case Tag.rational: return second == 0 ? nil : first / second
            default: return nil
            }
        default: return doubleValue
        }
    }

    /// The text, nil for anything else.
    public var stringValue: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The bytes of a byte string, bare or in tag 64 (docs/spec/protocol.md §2); nil for anything else.
    public var bytesValue: ByteBuffer? {
        switch self {
        case .bytes(let value), .tagged(Tag.typedUInt8Array, .bytes(let value)): value
        default: nil
        }
    }

    /// The elements of an array, nil for anything else.
    public var arrayValue: [Value]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The map, nil for anything else.
    public var mapValue: ValueMap? {
        if case .map(let value) = self { value } else { nil }
    }

    /// The value of a text key in a map; nil when the key is missing or this is not a map.
    public subscript(key: String) -> Value? { mapValue?[key] }

    /// The CBOR tag numbers that have a meaning here.
    package enum Tag {
        package static let dateText: UInt64 = 0
        package static let epochSeconds: UInt64 = 1
        package static let positiveBigInteger: UInt64 = 2
        package static let negativeBigInteger: UInt64 = 3
        package static let decimalFraction: UInt64 = 4
        package static let bigFloat: UInt64 = 5
        package static let rational: UInt64 = 30
        package static let typedUInt8Array: UInt64 = 64
        package static let dataFrame: UInt64 = 80
        /// Self-described CBOR: says that CBOR follows, and nothing else (RFC 8949 §3.4.6).
        package static let selfDescribed: UInt64 = 55_799
    }
}
