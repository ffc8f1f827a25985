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
