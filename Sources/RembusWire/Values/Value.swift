public import NIOCore

/// A value in a Rembus message: one CBOR item (RFC 8949).
///
/// Decoders represent each integer in exactly one way: as `integer` if it fits `Int64`, otherwise as `unsigned` or
/// `negative` if it fits 64 bits, otherwise as `bigInteger`. ``init(unsigned:)`` follows the same rule.
///
/// Two values are equal when they denote the same item. The order of the pairs of a map does not matter, an integer
/// never equals a float, and NaN equals nothing.
public enum Value: Sendable, Hashable {
    /// The null value.
    case null
    /// The undefined value, which every receiver treats as null (docs/spec/protocol.md §2).
    case undefined
    /// A truth value.
    case bool(Bool)
    /// An integer that fits 64 bits with a sign.
    case integer(Int64)
    /// An integer larger than `Int64.max`.
    case unsigned(UInt64)
    /// The integer `-1 - n`, smaller than `Int64.min`.
    case negative(UInt64)
    /// An integer that needs more than 64 bits, CBOR tag 2 or 3.
    case bigInteger(BigInteger)
    /// A floating-point number. Half and single precision are widened when read.
    case float(Double)
    /// A text.
    case text(String)
    /// A byte string. Decoders return slices that share the memory of their input.
    case bytes(ByteBuffer)
    /// An array.
    case array([Value])
    /// A map. Keys can be any value, and their order is kept.
    case map(ValueMap)
    /// A tagged item that is not interpreted, such as 80 for dataframes (protocol.md §5).
    indirect case tagged(UInt64, Value)
    /// A simple value without a defined meaning: 0…19 or 32…255.
    case simple(UInt8)
}

extension Value {
    /// An integer that is not negative, in its only representation.
    public init(unsigned value: UInt64) {
        self = Int64(exactly: value).map(Value.integer) ?? .unsigned(value)
    }

    /// The integer `-1 - complement`, in its only representation.
    init(negative complement: UInt64) {
        self = Int64(exactly: complement).map { .integer(-1 - $0) } ?? .negative(complement)
    }

    /// An integer of any size, in its only representation.
    public init(bigInteger value: BigInteger) {
        if let word = value.word {
            self = value.isNegative ? Value(negative: word) : Value(unsigned: word)
        } else {
            self = .bigInteger(value)
        }
    }
}
