import NIOCore
import RembusWire

/// The result of a cast of a value to a column's type.
enum CastResult: Equatable {
    /// The value is staged.
    case added
    /// The text or number is not a value of the type.
    case invalid
    case outOfRange
    /// The number would be changed.
    case inexact
    /// Values of this kind cannot be cast to the type.
    case unsupported
}

/// Casts values of messages to the types of columns, by the rules of DuckDB's casts.
///
/// Every path into a table ends here – publications, frames, upserts –, so that a value becomes the same on each of
/// them. There are three differences from `INSERT`: a number that would be changed is refused (floating point takes the
/// nearest), the offset of a time always counts, and values that Parquet could not give back are refused. CBOR items
/// that SQL has no literal for (dates by tag, decimals, UUIDs) are accepted in addition.
enum Cast {
    /// Stages a value that is not null in the row behind the last of `buffer`, which has the column's storage.
    static func stage(_ scalar: CBORScalar, for column: ColumnSchema, into buffer: ColumnBuffer) -> CastResult {
        if let unit = column.epoch, let result = stage(scalar, countedIn: unit, as: column.type, into: buffer) {
            return result
        }
        return stage(scalar, as: column.type, into: buffer)
    }

    /// Stages a value that is not null in the row behind the last of `column`, whose storage is that of `type`.
    static func stage(_ scalar: CBORScalar, as type: ColumnType, into column: ColumnBuffer) -> CastResult {
        if case .other(let item) = scalar { return stage(item: item, as: type, into: column) }
        return stageOther(scalar, as: type, into: column)
    }

    /// Why a value cannot be cast, nil when it can.
    static func check(_ value: Value, for column: ColumnSchema) -> String? {
        withScalar(of: value) { scalar in
            let result = stage(scalar, for: column, into: ColumnBuffer(column.type.storage, capacity: 1))
            return result == .added ? nil : result.sentence(scalar.words, column.type.name)
        } ?? "it is nested too deeply"
    }

    /// Calls `body` with a value as it would come in a message; nil when it cannot come in one.
    static func withScalar<Result>(of value: Value, _ body: (CBORScalar) -> Result) -> Result? {
        var item = ByteBuffer()
        value.encodeCBOR(into: &item)
        return item.withUnsafeReadableBytes { bytes in
            var scanner = CBORScanner(bytes)
            return CBORScalar.read(&scanner).map(body)
        }
    }

    private static func stageOther(
        _ scalar: CBORScalar, as type: ColumnType, into column: ColumnBuffer
    ) -> CastResult {
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
        case .hugeint: return decimal(scalar, precision: 38, scale: 0, column)
        case .uhugeint: return decimal(scalar, precision: 38, scale: 0, isSigned: false, column)
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
        case .list, .structure, .map:
            // A field of a CSV file, for example.
            guard case .text(let bytes) = scalar else { return .unsupported }
            guard let value = try? Value(json: ByteBuffer(bytes: bytes)) else { return .invalid }
            if case .text = value { return .invalid }
            return stage(value: value, as: type, into: column)
        }
    }
}
