import NIOCore

extension Value: CustomStringConvertible {
    /// The diagnostic notation of RFC 8949 §8, which is JSON with additional forms.
    public var description: String {
        switch self {
        case .null: "null"
        case .undefined: "undefined"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .negative(let complement): BigInteger(negative: complement).description
        case .bigInteger(let value): value.description
        case .float(let value): value.isNaN ? "NaN" : value.isFinite ? "\(value)" : value < 0 ? "-Infinity" : "Infinity"
        case .text: jsonText
        case .bytes(let value): "h'\(hexadecimal(value.readableBytesView))'"
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ", ") + "]"
        case .map(let map): map.description
        case .tagged(let tag, let content): "\(tag)(\(content))"
        case .simple(let number): "simple(\(number))"
        }
    }
}

extension ValueMap: CustomStringConvertible {
    /// The diagnostic notation of RFC 8949 §8.
    public var description: String {
        "{" + pairs.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
    }
}

extension BigInteger {
    /// The number `-1 - complement`.
    init(negative complement: UInt64) {
        self.init(isNegative: true, magnitude: withUnsafeBytes(of: complement.bigEndian, Array.init))
    }
}
