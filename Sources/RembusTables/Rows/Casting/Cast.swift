import NIOCore
import RembusWire

/// What became of an attempt to make a value one of a column's type.
enum CastResult: Equatable {
    /// It is staged.
    case added
    /// The text or number is none of the type.
    case invalid
    case outOfRange
    /// It would become another number.
    case inexact
    /// Values of this kind are never made values of the type.
    case unsupported
}

/// Makes values of columns of what comes in messages, by the rules of DuckDB's casts.
///
/// Every path into a table ends here – publications, frames, upserts –, so that a value is the same whichever it took. There
/// are three differences from `INSERT`: a number is refused where it would become another one (floating point takes the
/// nearest), an offset of a time always counts, and what Parquet could not give back is refused. What has more kinds in CBOR
/// than in SQL (dates by tag, decimals, UUIDs) is understood in addition.
enum Cast {
    /// Stages a value that is not null in the row behind the last of `buffer`, which is a buffer of the column's storage.
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
