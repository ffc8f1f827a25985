public import NIOCore

extension Value {
    /// Whether the value is null or undefined.
    public var isNull: Bool {
        switch self {
        case .null, .undefined: true
        default: false
        }
    }

    /// The truth value, nil for anything else.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer when it fits `Int`, nil for anything else, floats included.
    public var intValue: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    /// The integer when it fits `UInt64`, nil for anything else, floats included.
    public var uintValue: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// The number as a float, rounded when it is a large integer; nil for anything else.
    public var doubleValue: Double? {
        switch self {
        case .float(let value): value
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .negative(let complement): -1 - Double(complement)
        case .bigInteger(let value): value.doubleValue
        default: nil
        }
    }

    /// The text, nil for anything else.
    public var stringValue: String? {
        if case .text(let value) = self { value } else { nil }
    }

    /// The bytes of a byte string, bare or inside tag 64 as JavaScript sends it (protocol.md §2); nil for anything else.
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

    /// The value of a text key of a map; nil when the key is absent or this is no map.
    public subscript(key: String) -> Value? { mapValue?[key] }

    /// CBOR tag numbers with a meaning here.
    package enum Tag {
        package static let dateText: UInt64 = 0
        package static let epochSeconds: UInt64 = 1
        package static let positiveBigInteger: UInt64 = 2
        package static let negativeBigInteger: UInt64 = 3
        package static let typedUInt8Array: UInt64 = 64
        package static let dataFrame: UInt64 = 80
    }
}
