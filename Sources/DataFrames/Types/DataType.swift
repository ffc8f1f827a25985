/// The type of a column, as Arrow defines it.
///
/// Extension types are not types of their own: they are kept as their storage type with the extension's name in the
/// metadata of the ``Field``, see ``Field/extensionName``.
public indirect enum DataType: Sendable, Hashable {
    /// Nulls only.
    case null
    case bool
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float16, float32, float64
    /// Text; at most 2 GiB in one batch.
    case utf8
    /// Text with 64-bit offsets.
    case largeUtf8
    /// Text whose short values lie in the view itself.
    case utf8View
    /// Bytes; at most 2 GiB in one batch.
    case binary
    /// Bytes with 64-bit offsets.
    case largeBinary
    /// Bytes whose short values lie in the view itself.
    case binaryView
    /// Bytes, the same number in each row.
    case fixedSizeBinary(Int)
    /// Days since 1970-01-01.
    case date32
    /// Milliseconds since 1970-01-01, whole days.
    case date64
    /// Seconds or milliseconds since midnight.
    case time32(TimeUnit)
    /// Microseconds or nanoseconds since midnight.
    case time64(TimeUnit)
    /// Time since 1970-01-01 00:00: of UTC if there is a time zone, else of an unknown one.
    case timestamp(TimeUnit, timeZone: String?)
    case duration(TimeUnit)
    /// A span of calendar time.
    case interval(IntervalUnit)
    /// A number with at most 38 digits, `scale` of them behind the point.
    case decimal128(precision: Int, scale: Int)
    /// A number with at most 76 digits, `scale` of them behind the point.
    case decimal256(precision: Int, scale: Int)
    case list(Field)
    /// A list with 64-bit offsets.
    case largeList(Field)
    /// A list, the same number of elements in each row.
    case fixedSizeList(Field, count: Int)
    /// Named parts.
    case structure([Field])
    /// Pairs; the field is the structure of key and value.
    case map(Field, keysSorted: Bool)
    /// Numbers of distinct values that are kept once; categories and enumerations.
    case dictionary(index: IntegerType, value: DataType, isOrdered: Bool)
}

extension DataType {
    /// A list of nullable elements, under the name that Arrow suggests.
    public static func list(of element: DataType) -> DataType { .list(Field("item", element)) }

    /// A map with these types.
    public static func map(key: DataType, value: DataType, keysSorted: Bool = false) -> DataType {
        let fields = [Field("key", key, isNullable: false), Field("value", value)]
        return .map(Field("entries", .structure(fields), isNullable: false), keysSorted: keysSorted)
    }

    /// The fields of what is nested in this type: one for lists and maps, any number for structures.
    public var fields: [Field] {
        switch self {
        case .list(let field), .largeList(let field), .fixedSizeList(let field, _), .map(let field, _): [field]
        case .structure(let fields): fields
        case .dictionary(_, let value, _): value.fields
        default: []
        }
    }

    /// Whether the values of a dictionary are dictionary-encoded themselves.
    var hasNestedDictionary: Bool {
        if case .dictionary(_, .dictionary, _) = self { return true }
        return fields.contains { $0.type.hasNestedDictionary }
    }

    /// The same type with the values of dictionaries in their place, in nested types too.
    var withoutDictionaries: DataType {
        func plain(_ field: Field) -> Field {
            var field = field
            field.type = field.type.withoutDictionaries
            return field
        }
        return switch self {
        case .dictionary(_, let value, _): value.withoutDictionaries
        case .list(let field): .list(plain(field))
        case .largeList(let field): .largeList(plain(field))
        case .fixedSizeList(let field, let count): .fixedSizeList(plain(field), count: count)
        case .map(let field, let keysSorted): .map(plain(field), keysSorted: keysSorted)
        case .structure(let fields): .structure(fields.map(plain))
        default: self
        }
    }

    /// The type of the values: of the dictionary for dictionary-encoded columns, else the type itself.
    public var valueType: DataType {
        if case .dictionary(_, let value, _) = self { value } else { self }
    }
}

extension DataType: CustomStringConvertible {
    /// The name as Arrow's own tools write it, for example `timestamp[us, tz=UTC]` or `list<item: int64>`.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .float16: "halffloat"
        case .float32: "float"
        case .float64: "double"
        case .utf8: "string"
        case .largeUtf8: "large_string"
        case .utf8View: "string_view"
        case .binary: "binary"
        case .largeBinary: "large_binary"
        case .binaryView: "binary_view"
        case .fixedSizeBinary(let width): "fixed_size_binary[\(width)]"
        case .date32: "date32[day]"
        case .date64: "date64[ms]"
        case .time32(let unit): "time32[\(unit.symbol)]"
        case .time64(let unit): "time64[\(unit.symbol)]"
        case .timestamp(let unit, let zone): "timestamp[\(unit.symbol)" + (zone.map { ", tz=\($0)" } ?? "") + "]"
        case .duration(let unit): "duration[\(unit.symbol)]"
        case .interval(.yearMonth): "month_interval"
        case .interval(.dayTime): "day_time_interval"
        case .interval(.monthDayNano): "month_day_nano_interval"
        case .decimal128(let precision, let scale): "decimal128(\(precision), \(scale))"
        case .decimal256(let precision, let scale): "decimal256(\(precision), \(scale))"
        case .list(let field): "list<\(field)>"
        case .largeList(let field): "large_list<\(field)>"
        case .fixedSizeList(let field, let count): "fixed_size_list<\(field)>[\(count)]"
        case .structure(let fields): "struct<\(fields.map(\.description).joined(separator: ", "))>"
        case .map(let entries, let sorted):
            "map<\(entries.type.fields.map(\.type.description).joined(separator: ", "))\(sorted ? ", keys_sorted" : "")>"
        case .dictionary(let index, let value, let isOrdered):
            "dictionary<values=\(value), indices=\(index.dataType), ordered=\(isOrdered ? 1 : 0)>"
        }
    }
}
