extension Field {
    /// The type under the name that Polars has for it.
    var tableName: String {
        if case .dictionary = type {
            // Polars notes there which categories an enumeration has.
            return metadata.pairs.contains { $0.key.hasPrefix("_PL_ENUM_VALUES") } ? "enum" : "cat"
        }
        return type.tableName
    }
}

extension DataType {
    fileprivate var tableName: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .int8: "i8"
        case .int16: "i16"
        case .int32: "i32"
        case .int64: "i64"
        case .uint8: "u8"
        case .uint16: "u16"
        case .uint32: "u32"
        case .uint64: "u64"
        case .float16: "f16"
        case .float32: "f32"
        case .float64: "f64"
        case .utf8, .largeUtf8, .utf8View: "str"
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary: "binary"
        case .date32, .date64: "date"
        case .time32, .time64: "time"
        case .timestamp(let unit, let zone): "datetime[\(Self.symbol(unit))" + (zone.map { ", \($0)" } ?? "") + "]"
        case .duration(let unit): "duration[\(Self.symbol(unit))]"
        case .interval: "interval"
        case .decimal128(let precision, let scale), .decimal256(let precision, let scale):
            "decimal[\(precision),\(scale)]"
        case .list(let field), .largeList(let field): "list[\(field.tableName)]"
        case .fixedSizeList(let field, let count): "array[\(field.tableName), \(count)]"
        case .structure(let fields): "struct[\(fields.count)]"
        case .map: "list[struct[2]]"
        case .dictionary: "cat"
        }
    }

    private static func symbol(_ unit: TimeUnit) -> String { unit == .microsecond ? "μs" : unit.symbol }
}
