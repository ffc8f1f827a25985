/// A column's SQL type: every scalar type that DuckDB has and DuckLake can store.
package enum ColumnType: Sendable, Hashable {
    case boolean
    case tinyint
    case smallint
    case integer
    case bigint
    case hugeint
    case utinyint
    case usmallint
    case uinteger
    case ubigint
    case uhugeint
    case float
    case double
    /// An exact number of at most 38 digits, `scale` of them behind the point.
    case decimal(precision: Int, scale: Int)
    case varchar
    case json
    case blob
    case uuid
    case date
    case time
    case timeTZ
    case timestamp
    case timestampS
    case timestampMS
    case timestampNS
    case timestampTZ
    case interval

    /// The one spelling that goes into SQL; what the schema file says never does.
    package var sql: String {
        switch self {
        case .boolean: "BOOLEAN"
        case .tinyint: "TINYINT"
        case .smallint: "SMALLINT"
        case .integer: "INTEGER"
        case .bigint: "BIGINT"
        case .hugeint: "HUGEINT"
        case .utinyint: "UTINYINT"
        case .usmallint: "USMALLINT"
        case .uinteger: "UINTEGER"
        case .ubigint: "UBIGINT"
        case .uhugeint: "UHUGEINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .decimal(let precision, let scale): "DECIMAL(\(precision),\(scale))"
        case .varchar: "VARCHAR"
        case .json: "JSON"
        case .blob: "BLOB"
        case .uuid: "UUID"
        case .date: "DATE"
        case .time: "TIME"
        case .timeTZ: "TIME WITH TIME ZONE"
        case .timestamp: "TIMESTAMP"
        case .timestampS: "TIMESTAMP_S"
        case .timestampMS: "TIMESTAMP_MS"
        case .timestampNS: "TIMESTAMP_NS"
        case .timestampTZ: "TIMESTAMP WITH TIME ZONE"
        case .interval: "INTERVAL"
        }
    }

    /// How the values lie in memory.
    package var storage: ColumnStorage {
        switch self {
        case .boolean: .bool
        case .tinyint: .int8
        case .smallint: .int16
        case .integer, .date: .int32
        case .bigint, .time, .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ: .int64
        case .hugeint, .uuid: .int128
        case .utinyint: .uint8
        case .usmallint: .uint16
        case .uinteger: .uint32
        case .ubigint: .uint64
        case .uhugeint: .uint128
        case .float: .float
        case .double: .double
        case .decimal(let precision, _): Self.decimalStorage(precision)
        case .varchar, .json, .timeTZ: .text
        case .blob: .blob
        case .interval: .interval
        }
    }

    private static func decimalStorage(_ precision: Int) -> ColumnStorage {
        switch precision {
        case ...4: .int16
        case ...9: .int32
        case ...18: .int64
        default: .int128
        }
    }

    /// True for types that are handed over as text, which the database casts. The text was checked before, so that the
    /// cast cannot fail.
    package var castsInDatabase: Bool { self == .json || self == .timeTZ }

    /// The SQL type of the text or value that is handed over, see ``castsInDatabase``.
    package var stagingSQL: String { castsInDatabase ? Self.varchar.sql : sql }

    /// Whether values count days or finer, as the transforms of a partition need.
    var isCalendar: Bool {
        switch self {
        case .date, .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ: true
        default: false
        }
    }
}

/// The physical form of a column: the exact layout of DuckDB's vectors for fixed widths.
package enum ColumnStorage: Sendable, Hashable {
    /// One byte, 0 or 1.
    case bool
    case int8
    case int16
    case int32
    case int64
    case uint8
    case uint16
    case uint32
    case uint64
    /// The lower 64 bits, then the upper ones.
    case int128
    case uint128
    case float
    case double
    /// Months and days as 32-bit, microseconds as 64-bit integers.
    case interval
    /// UTF-8 of any length.
    case text
    /// Bytes of any length.
    case blob

    /// Bytes per row; 0 when the length varies.
    package var width: Int {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float: 4
        case .int64, .uint64, .double: 8
        case .int128, .uint128, .interval: 16
        case .text, .blob: 0
        }
    }
}
