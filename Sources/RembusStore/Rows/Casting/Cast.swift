import NIOCore
import RembusWire

/// What became of an attempt to make a value one of a column's type.
enum CastResult: Equatable {
    /// It is staged.
    case added
    /// The text or number is none of the type.
    case invalid
    case outOfRange
    /// Values of this kind are never made values of the type.
    case unsupported
}

/// Makes values of columns of what comes in messages, by the rules of DuckDB's casts.
///
/// So a row is the same whether it went through here or through `INSERT`, with one difference: what Parquet could not
/// give back is refused (see ``ColumnType/storableCondition(for:)``). What has more kinds in CBOR than in SQL (dates by tag,
/// decimals, UUIDs) is understood in addition.
enum Cast {
    /// Stages a value that is not null in the row behind the last of `column`, whose storage is that of `type`.
    @inline(__always)
    static func stage(_ scalar: CBORScalar, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        // The usual cases, where the value is already what the column wants.
        switch (type, scalar) {
        case (.double, .float(let value)):
            column.stage(value)
            return .added
        case (.varchar, .text(let bytes)):
            column.stage(bytes: bytes)
            return .added
        default: return stageOther(scalar, as: type, into: column)
        }
    }

    /// Why a value cannot be cast, nil when it can.
    static func check(_ value: Value, as type: ColumnType) -> String? {
        var item = ByteBuffer()
        value.encodeCBOR(into: &item)
        return item.withUnsafeReadableBytes { bytes in
            var scanner = CBORScanner(bytes)
            guard let scalar = CBORScalar.read(&scanner) else { return "it is nested too deeply" }
            let result = stage(scalar, as: type, into: ColumnBuffer(type.storage, capacity: 1))
            return result == .added ? nil : result.sentence(scalar.words, type.sql)
        }
    }

    private static func stageOther(
        _ scalar: CBORScalar, as type: ColumnType, into column: ColumnBuffer
    ) -> CastResult {
        if case .other(let item) = scalar { return stage(item: item, as: type, into: column) }
        switch type {
        case .boolean: return boolean(scalar, column)
        case .tinyint: return integer(scalar, Int8.self, column)
        case .smallint: return integer(scalar, Int16.self, column)
        case .integer: return integer(scalar, Int32.self, column)
        case .bigint: return integer(scalar, Int64.self, column)
        case .utinyint: return integer(scalar, UInt8.self, column)
        case .usmallint: return integer(scalar, UInt16.self, column)
        case .uinteger: return integer(scalar, UInt32.self, column)
        case .ubigint: return integer(scalar, UInt64.self, column)
        case .hugeint: return hugeInteger(scalar, Int128.self, below: ColumnType.hugeLimit, column)
        case .uhugeint: return hugeInteger(scalar, UInt128.self, below: ColumnType.unsignedHugeLimit, column)
        case .float: return float(scalar, column)
        case .double: return double(scalar, column)
        case .decimal(let precision, let scale): return decimal(scalar, precision: precision, scale: scale, column)
        case .varchar: return text(scalar, column)
        case .json: return json(scalar, column)
        case .blob: return blob(scalar, column)
        case .uuid: return uuid(scalar, column)
        case .date, .time, .timeTZ, .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ, .interval:
            guard case .text(let bytes) = scalar else { return .unsupported }
            return calendar(bytes, as: type, column)
        }
    }
}
