import NIOCore
import RembusWire

extension RejectReason {
    /// The reason for a value that did not fit its column.
    static func cast(_ result: CastResult, _ scalar: CBORScalar, column: ColumnSchema) -> RejectReason {
        cast(result, scalar.words, column: column)
    }

    /// The reason for a value, in words, that did not fit its column.
    static func cast(_ result: CastResult, _ words: String, column: ColumnSchema) -> RejectReason {
        let (name, type) = (column.name, column.type.name)
        let code: Code =
            switch result {
            case .outOfRange: .outOfRange
            case .inexact: .inexact
            case .added, .invalid, .unsupported: .cannotCast
            }
        return RejectReason(code, "Column \(name): \(result.sentence(words, type)).", column: name)
    }

    /// The reason for null where it must not be.
    static func null(_ column: ColumnSchema, isKey: Bool) -> RejectReason {
        isKey
            ? RejectReason(.nullKey, "Column \(column.name) is a key and is null.", column: column.name)
            : RejectReason(.nullNotAllowed, "Column \(column.name) must not be null and is.", column: column.name)
    }

    /// The reason for a positional payload that is too short or too long.
    static func wrongCount(_ count: Int, of table: TableSchema, remaining: [Int]) -> RejectReason {
        func values(_ columns: [ColumnSchema]) -> String {
            let names = columns.prefix(20).map(\.name).joined(separator: ", ") + (columns.count > 20 ? ", …" : "")
            return "\(columns.count) value\(columns.count == 1 ? "" : "s")" + (columns.isEmpty ? "" : " (\(names))")
        }
        let all = values(table.columns)
        let wanted = remaining.isEmpty ? all : "\(values(remaining.map { table.columns[$0] })) or \(all)"
        return RejectReason(.wrongCount, "The table \(table.name) needs \(wanted), got \(count). Publish a map.")
    }

    /// The reason for a column without value, variable and default.
    static func missing(_ column: ColumnSchema, isKey: Bool) -> RejectReason {
        RejectReason(
            .missingColumn,
            "Column \(column.name) is missing; it \(isKey ? "is a key" : "must not be null") and has no default.",
            column: column.name)
    }
}

extension CastResult {
    /// The error in a value, without a full stop.
    func sentence(_ value: String, _ type: String) -> String {
        switch self {
        case .added: "\(value) fits \(type)"
        case .invalid: "\(value) is no \(type)"
        case .outOfRange: "\(value) is out of the range of \(type)"
        case .inexact: "\(value) would become another number as \(type)"
        case .unsupported: "\(value) cannot be made \(type)"
        }
    }
}

extension CBORScalar {
    /// Kind and beginning of the value, for messages.
    var words: String {
        switch self {
        case .null: "null"
        case .bool(let value): "the truth value \(value)"
        case .unsigned(let value): "the number \(value)"
        case .negative(let complement): "the number \(Int128(-1) - Int128(complement))"
        case .float(let value): "the number \(NumberText.text(value))"
        case .text(let bytes): "the text \"\(Self.excerpt(bytes))\""
        case .bytes(let bytes): "a byte string of \(bytes.count) bytes"
        case .other(let item): Self.words(ofItem: item)
        }
    }

    private static func words(ofItem item: UnsafeRawBufferPointer) -> String {
        guard let value = try? Value(cbor: ByteBuffer(bytes: item)) else { return "a value too large to look at" }
        switch value {
        case .array: return "an array"
        case .map: return "a map"
        case .tagged(Value.Tag.dataFrame, _): return "a dataframe"
        default:
            var text = value.description
            return "the value " + text.withUTF8 { excerpt(UnsafeRawBufferPointer($0)) }
        }
    }

    /// At most 40 characters.
    private static func excerpt(_ bytes: UnsafeRawBufferPointer) -> String {
        let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        return text.count > 40 || bytes.count > 200 ? text.prefix(40) + "…" : text
    }
}
