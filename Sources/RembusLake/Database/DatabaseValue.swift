/// One value of a table, as a parameter of a statement or in a result.
package enum DatabaseValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// All signed integers up to 64 bits.
    case integer(Int64)
    /// All unsigned integers up to 64 bits.
    case unsigned(UInt64)
    case hugeInteger(Int128)
    case unsignedHugeInteger(UInt128)
    case double(Double)
    case text(String)
    case blob([UInt8])
    /// Microseconds since 1970, UTC or without a zone.
    case timestamp(Int64)
    /// Days since 1970. Occurs in results only.
    case date(Int32)
    /// Microseconds since midnight. Occurs in results only.
    case time(Int64)
    /// `value` times ten to the power of `-scale`. Occurs in results only.
    case decimal(Int128, scale: Int)
    /// A list or array. Occurs in results only.
    case list([DatabaseValue])
    /// A structure, with its fields in order. Occurs in results only.
    case structure([Field])

    /// A field of a structure.
    package struct Field: Sendable, Hashable {
        package var name: String
        package var value: DatabaseValue

        package init(name: String, value: DatabaseValue) {
            self.name = name
            self.value = value
        }
    }
}

extension DatabaseValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(floatLiteral value: Double) { self = .double(value) }
    package init(nilLiteral: ()) { self = .null }
}

extension DatabaseValue {
    /// The text; nil for any other value.
    package var text: String? { if case .text(let text) = self { text } else { nil } }

    /// The bytes of a blob; nil for any other value.
    package var blob: [UInt8]? { if case .blob(let bytes) = self { bytes } else { nil } }

    /// The integer, if it fits; nil for any other value.
    package var integer: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .unsigned(let value): Int(exactly: value)
        case .hugeInteger(let value): Int(exactly: value)
        case .unsignedHugeInteger(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The integer, if it fits; nil for any other value.
    package var unsigned: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        case .hugeInteger(let value): UInt64(exactly: value)
        case .unsignedHugeInteger(let value): UInt64(exactly: value)
        default: nil
        }
    }

    /// A floating point number; nil for any other value.
    package var double: Double? { if case .double(let value) = self { value } else { nil } }

    /// A truth value; nil for any other value.
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
}
