extension ColumnType {
    /// The type that a name in a schema file stands for, with DuckDB's aliases, in any case; or why there is none.
    static func named(_ text: String) -> Result<ColumnType, ColumnTypeError> {
        var reader = TypeNameReader(text)
        return Result { () throws(ColumnTypeError) in try reader.readAll() }
    }

    /// The type of a name without parts, such as `DECIMAL(10,2)`, given its words and the numbers in parentheses.
    static func scalar(_ base: String, _ numbers: [Int]) throws(ColumnTypeError) -> ColumnType {
        var arguments = numbers
        if let refusal = refusals[base] { throw .refused(refusal) }
        if decimals.contains(base) { return try decimal(arguments) }
        // `TIMESTAMP(3) WITH TIME ZONE` is not DuckDB's: a precision stands for one of the four other types.
        if base == "TIMESTAMP", let digits = arguments.first, arguments.count == 1 {
            switch digits {
            case 0: return .timestampS
            case 1...3: return .timestampMS
            case 4...6: return .timestamp
            case 7...9: return .timestampNS
            default: throw .refused("the precision of TIMESTAMP is 0 to 9")
            }
        }
        // Lengths of texts and floats are accepted and mean nothing, as in DuckDB.
        if lengths.contains(base), arguments.count <= 1 { arguments = [] }
        guard arguments.isEmpty, let type = names[base] else { throw .unknown }
        return type
    }

    /// The sentence part for messages.
    static let allowedNames = """
        BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, HUGEINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT, FLOAT, \
        DOUBLE, DECIMAL(precision,scale), TEXT, JSON, BLOB, UUID, DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMP_S, \
        TIMESTAMP_MS, TIMESTAMP_NS, TIMESTAMPTZ, INTERVAL, and of these type[], STRUCT(name type, …) and MAP(type, type)
        """

    private static func decimal(_ arguments: [Int]) throws(ColumnTypeError) -> ColumnType {
        // Without arguments DuckDB takes 18 digits, 3 of them behind the point.
        let (precision, scale) =
            switch arguments.count {
            case 0: (18, 3)
            case 1: (arguments[0], 0)
            case 2: (arguments[0], arguments[1])
            default: (0, 0)
            }
        guard (1...38).contains(precision), scale <= precision else {
            throw .refused(
                "DECIMAL takes a precision of 1 to 38 digits and a scale that is not larger than the precision")
        }
        return .decimal(precision: precision, scale: scale)
    }

    private static let decimals: Set<String> = ["DECIMAL", "NUMERIC", "DEC"]
    private static let lengths: Set<String> = [
        "VARCHAR", "TEXT", "STRING", "CHAR", "BPCHAR", "NVARCHAR", "CHARACTER VARYING", "FLOAT",
    ]

    /// Types of DuckDB that DuckLake cannot store.
    private static let refusals: [String: String] = [
        "BIT": "DuckLake cannot store BIT; use TEXT or BLOB",
        "BITSTRING": "DuckLake cannot store BIT; use TEXT or BLOB",
        "BIGNUM": "DuckLake cannot store BIGNUM; use DECIMAL(38,0) or TEXT",
        "VARINT": "DuckLake cannot store BIGNUM; use DECIMAL(38,0) or TEXT",
        "ENUM": "DuckLake cannot store ENUM; use TEXT",
        "TIME_NS": "DuckLake cannot store TIME_NS; use TIME or BIGINT",
        "GEOMETRY": "GEOMETRY is not supported; use BLOB or TEXT",
        "VARIANT": "VARIANT is not supported; use JSON",
        "NULL": "a column needs a type of its own",
        "UNION": "DuckLake cannot store UNION; use STRUCT or JSON",
        "LIST": "write the type of the elements with [] behind it, as in DOUBLE[]",
        "ARRAY": "write the type of the elements with [] behind it, as in DOUBLE[]",
    ]

    private static let names: [String: ColumnType] = [
        "BOOLEAN": .boolean, "BOOL": .boolean, "LOGICAL": .boolean,
        "TINYINT": .tinyint, "INT1": .tinyint,
        "SMALLINT": .smallint, "INT2": .smallint, "INT16": .smallint, "SHORT": .smallint,
        "INTEGER": .integer, "INT": .integer, "INT4": .integer, "INT32": .integer, "INTEGRAL": .integer,
        "SIGNED": .integer,
        "BIGINT": .bigint, "INT8": .bigint, "INT64": .bigint, "LONG": .bigint, "OID": .bigint,
        "HUGEINT": .hugeint, "INT128": .hugeint,
        "UTINYINT": .utinyint, "UINT8": .utinyint,
        "USMALLINT": .usmallint, "UINT16": .usmallint,
        "UINTEGER": .uinteger, "UINT32": .uinteger,
        "UBIGINT": .ubigint, "UINT64": .ubigint,
        "UHUGEINT": .uhugeint, "UINT128": .uhugeint,
        "FLOAT": .float, "REAL": .float, "FLOAT4": .float,
        "DOUBLE": .double, "FLOAT8": .double, "DOUBLE PRECISION": .double,
        "VARCHAR": .varchar, "TEXT": .varchar, "STRING": .varchar, "CHAR": .varchar, "BPCHAR": .varchar,
        "NVARCHAR": .varchar, "CHARACTER VARYING": .varchar,
        "JSON": .json,
        "BLOB": .blob, "BYTEA": .blob, "BINARY": .blob, "VARBINARY": .blob,
        "UUID": .uuid, "GUID": .uuid,
        "DATE": .date,
        "TIME": .time, "TIME WITHOUT TIME ZONE": .time,
        "TIMETZ": .timeTZ, "TIME WITH TIME ZONE": .timeTZ,
        "TIMESTAMP": .timestamp, "TIMESTAMP_US": .timestamp, "DATETIME": .timestamp,
        "TIMESTAMP WITHOUT TIME ZONE": .timestamp,
        "TIMESTAMP_S": .timestampS, "TIMESTAMP_MS": .timestampMS, "TIMESTAMP_NS": .timestampNS,
        "TIMESTAMPTZ": .timestampTZ, "TIMESTAMP WITH TIME ZONE": .timestampTZ,
        "INTERVAL": .interval,
    ]
}

/// Why a text names no column type.
enum ColumnTypeError: Error, Equatable {
    /// DuckDB has no type of this name.
    case unknown
    /// The type cannot be used; the text says why and what to use instead.
    case refused(String)
}
