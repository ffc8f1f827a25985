/// A column's SQL type: every type that DuckDB has and DuckLake can store.
///
/// What a Parquet file would change is kept as a type that it gives back: see ``sql``.
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
    indirect case list(ColumnType)
    case structure([Field])
    indirect case map(key: ColumnType, value: ColumnType)

    /// A named part of a structure.
    package struct Field: Sendable, Hashable {
        package let name: String
        package let type: ColumnType
    }

    /// The type of the table's column; what the schema file says never gets into SQL.
    ///
    /// DuckLake's files have 128-bit integers as floats, which are not exact beyond 2⁵³, and no negative intervals: the
    /// first are decimals of 38 digits here, the second texts in DuckDB's spelling.
    package var sql: String {
        switch self {
        case .hugeint, .uhugeint: "DECIMAL(38,0)"
        case .interval: "VARCHAR"
        default: spelling { $0.sql }
        }
    }

    /// The type's own name, for messages.
    package var name: String { spelling { $0.name } }

    private func spelling(_ part: (ColumnType) -> String) -> String {
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
        case .list(let element): part(element) + "[]"
        case .structure(let fields):
            "STRUCT(" + fields.map { "\($0.name.quoted(with: "\"")) \(part($0.type))" }.joined(separator: ", ") + ")"
        case .map(let key, let value): "MAP(\(part(key)), \(part(value)))"
        }
    }

    /// The layout of the values in memory.
    package var storage: ColumnStorage {
        switch self {
        case .boolean: .bool
        case .tinyint: .int8
        case .smallint: .int16
        case .integer, .date: .int32
        case .bigint, .time, .timestamp, .timestampS, .timestampMS, .timestampNS, .timestampTZ: .int64
        case .hugeint, .uhugeint, .uuid: .int128
        case .utinyint: .uint8
        case .usmallint: .uint16
        case .uinteger: .uint32
        case .ubigint: .uint64
        case .float: .float
        case .double: .double
        case .decimal(let precision, _): Self.decimalStorage(precision)
        case .varchar, .json, .timeTZ, .interval: .text
        case .blob: .blob
        case .list(let element): .list(element.storage)
        case .structure(let fields): .structure(fields.map(\.type.storage))
        case .map(let key, let value): .map(key.storage, value.storage)
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

    /// True for types that are handed over as text, or have such parts, which the database casts. The text was checked
    /// before, so that the cast cannot fail.
    package var castsInDatabase: Bool { stagingSQL != sql }

    /// The SQL type of the text or value that is handed over, see ``castsInDatabase``.
    package var stagingSQL: String {
        switch self {
        case .json, .timeTZ: Self.varchar.sql
        case .list, .structure, .map: spelling { $0.stagingSQL }
        default: sql
        }
    }

    /// Whether values count days or finer, as the transforms of a partition need.
    package var isCalendar: Bool {
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
    case float
    case double
    /// UTF-8 of any length.
    case text
    /// Bytes of any length.
    case blob
    /// Any number of values.
    indirect case list(ColumnStorage)
    /// One value of each.
    case structure([ColumnStorage])
    /// Any number of pairs.
    indirect case map(ColumnStorage, ColumnStorage)

    /// What is nested in it.
    package var parts: [ColumnStorage] {
        switch self {
        case .list(let element): [element]
        case .structure(let fields): fields
        case .map(let key, let value): [key, value]
        default: []
        }
    }

    /// Bytes per row; 0 when the length varies or the values are elsewhere.
    package var width: Int {
        switch self {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float: 4
        case .int64, .uint64, .double: 8
        case .int128: 16
        case .text, .blob, .list, .structure, .map: 0
        }
    }
}
