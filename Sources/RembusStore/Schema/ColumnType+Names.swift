extension ColumnType {
    /// The type that a name in a schema file stands for, with DuckDB's aliases, in any case; or why there is none.
    static func named(_ text: String) -> Result<ColumnType, ColumnTypeError> {
        guard var name = ParsedName(text) else { return .failure(.unknown) }
        if let refusal = refusals[name.base] { return .failure(.refused(refusal)) }
        if text.contains("[") || ["STRUCT", "MAP", "UNION", "LIST", "ARRAY", "ROW"].contains(name.base) {
            return .failure(.refused("nested types are not supported; use JSON"))
        }
        if decimals.contains(name.base) { return decimal(name.arguments) }
        // `TIMESTAMP(3) WITH TIME ZONE` is not DuckDB's: a precision stands for one of the four other types.
        if name.base == "TIMESTAMP", let digits = name.arguments.first, name.arguments.count == 1 {
            switch digits {
            case 0: return .success(.timestampS)
            case 1...3: return .success(.timestampMS)
            case 4...6: return .success(.timestamp)
            case 7...9: return .success(.timestampNS)
            default: return .failure(.refused("the precision of TIMESTAMP is 0 to 9"))
            }
        }
        // Lengths of texts and floats are accepted and mean nothing, as in DuckDB.
        if lengths.contains(name.base), name.arguments.count <= 1 { name.arguments = [] }
        guard name.arguments.isEmpty, let type = names[name.base] else { return .failure(.unknown) }
        return .success(type)
    }

    /// The sentence part for messages.
    static let allowedNames = """
        BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, HUGEINT, UTINYINT, USMALLINT, UINTEGER, UBIGINT, UHUGEINT, FLOAT, \
        DOUBLE, DECIMAL(precision,scale), TEXT, JSON, BLOB, UUID, DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMP_S, \
        TIMESTAMP_MS, TIMESTAMP_NS, TIMESTAMPTZ, INTERVAL
        """

    private static func decimal(_ arguments: [Int]) -> Result<ColumnType, ColumnTypeError> {
        // Without arguments DuckDB takes 18 digits, 3 of them behind the point.
        let (precision, scale) =
            switch arguments.count {
            case 0: (18, 3)
            case 1: (arguments[0], 0)
            case 2: (arguments[0], arguments[1])
            default: (0, 0)
            }
        guard (1...38).contains(precision), scale <= precision else {
            return .failure(
                .refused(
                    "DECIMAL takes a precision of 1 to 38 digits and a scale that is not larger than the precision"))
        }
        return .success(.decimal(precision: precision, scale: scale))
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
    /// Nothing in DuckDB has this name.
    case unknown
    /// It cannot be used, with the words that say why and what to use instead.
    case refused(String)
}

/// A type as written, taken apart: words in upper case with single blanks, and the numbers in parentheses.
private struct ParsedName {
    var base: String
    var arguments: [Int] = []

    init?(_ text: String) {
        var words = Substring(text)
        if let open = text.firstIndex(of: "(") {
            guard text.last == ")" else { return nil }
            words = text[..<open]
            for part in text[text.index(after: open)...].dropLast().split(
                separator: ",", omittingEmptySubsequences: false)
            {
                let digits = part.filter { $0 != " " }
                // An ENUM's values are no numbers; its name alone decides.
                guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(digits) else {
                    arguments = [-1]
                    break
                }
                arguments.append(number)
            }
        }
        base = words.split(whereSeparator: \.isWhitespace).joined(separator: " ").uppercased()
        if base.isEmpty { return nil }
    }
}
