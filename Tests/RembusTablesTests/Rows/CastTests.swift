import NIOCore
import RembusWire
import Testing

@testable import RembusTables

/// Values become what DuckDB makes of them, with the differences that ``Cast`` names. The expectations come from DuckDB:
/// `Tests/support/make_duckdb_casts.py`.
@Suite struct CastTests {
    @Test func castsAsDuckDBDoes() throws {
        let lines = try TestData.lines(of: "duckdb_casts.tsv")
        #expect(lines.count > 4000)
        var differences: [String] = []
        for line in lines {
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            let shown = try Value(jsonText: parts[2]).stringValue ?? ""
            guard !Self.isMeant(type: parts[0], kind: parts[1], value: shown) else { continue }
            let type = try ColumnType.named(parts[0]).get()
            let expected = parts[3] == "!" ? nil : try Value(jsonText: parts[3]).stringValue
            // What Parquet cannot hold is tested below.
            if type == .timestampS, expected?.contains("infinity") == true { continue }
            let actual = try Sample.cast(try Self.value(parts[1], shown), to: type)
            let right = Self.isChanged(type, parts[1], shown, expected) ? nil : expected
            if !Self.isSame(actual, right, type) {
                differences.append("\(line) – here \(actual ?? "!")")
            }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(60).joined(separator: "\n"))")
    }

    /// Whether DuckDB makes another number of a number, or a truth value.
    private static func isChanged(_ type: ColumnType, _ kind: String, _ shown: String, _ expected: String?) -> Bool {
        guard let expected, kind != "bytes", kind != "bool" else { return false }
        switch type {
        case .boolean: return kind != "text" && !["0", "1", "0.0", "-0.0", "1.0"].contains(shown)
        case .tinyint, .smallint, .integer, .bigint, .hugeint, .utinyint, .usmallint, .uinteger, .ubigint, .uhugeint,
            .decimal:
            guard let given = number(shown), let made = number(expected) else { return false }
            if kind == "float", given.exponent > 0 || given.mantissa > 1 << 53 { return false }
            return !given.fits(scale: 30) || given.magnitude(scale: 10) != made.magnitude(scale: 10)
                || !given.fits(scale: 10)
        default: return false
        }
    }

    private static func number(_ text: String) -> DecimalText? {
        var text = text
        return text.withUTF8 { DecimalText(UnsafeRawBufferPointer($0)) }
    }

    private static func column(_ type: String) throws -> ColumnSchema {
        ColumnSchema(name: "x", type: try ColumnType.named(type).get(), isNullable: true, defaultValue: nil)
    }

    /// One such value would keep all rows beside it from being written or read, or would be changed by a file.
    @Test(arguments: [
        ("TIMESTAMP_S", "infinity"), ("TIMESTAMP_S", "-infinity"),
        ("HUGEINT", "170141183460469231722463931679029329920"), ("HUGEINT", "-170141183460469231731687303715884105728"),
        ("UHUGEINT", "340282366920938445016630533722058653695"),
    ])
    func refusesWhatParquetCannotHold(type: String, text: String) throws {
        #expect(
            Cast.check(.text(text), for: try Self.column(type)) == "the text \"\(text)\" is out of the range of \(type)"
        )
    }

    @Test(arguments: [
        ("INTERVAL", "1 month", "1 0 0"), ("INTERVAL", "1192:59:59.999", "0 0 4294799999000"),
        ("INTERVAL", "-1 month", "-1 0 0"), ("INTERVAL", "1 day -00:00:01", "0 1 -1000000"),
        ("HUGEINT", "-99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"),
        ("UHUGEINT", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ])
    func takesWhatItCan(type: String, text: String, expected: String) throws {
        #expect(try Sample.cast(.text(text), to: try ColumnType.named(type).get()) == expected)
    }

    /// What is a point in time becomes the same one everywhere.
    @Test(arguments: [
        ("TIMESTAMP", "2026-03-29T03:00:00+02:00", "1774746000000000"),
        ("TIMESTAMP_S", "2026-03-29T03:00:00+02:00", "1774746000"),
        ("TIMESTAMP_MS", "2026-03-29T03:00:00+02:00", "1774746000000"),
        ("TIMESTAMP_NS", "2026-03-29T03:00:00+02:00", "1774746000000000000"),
        ("TIMESTAMPTZ", "2026-03-29T03:00:00+02:00", "1774746000000000"),
        ("DATE", "2026-03-29T01:00:00+02:00", "20540"), ("DATE", "2026-03-29T01:00:00", "20541"),
        ("TIME", "12:00:00+02", "36000000000"), ("TIME", "2026-03-29T01:00:00+02:00", "82800000000"),
        ("TIMETZ", "00:30:00+02", "22:30:00+00"),
        // 24:00 is the midnight at which the day ends.
        ("TIMESTAMP", "2020-01-02T24:00:00-02:30", "1578018600000000"),
        ("TIMESTAMP", "2020-01-02T24:00:00+02:30", "1578000600000000"),
        ("TIMESTAMPTZ", "2020-01-02T24:00:00-02:30", "1578018600000000"),
        ("TIMESTAMP_S", "2020-01-02 24:00:00-12:00", "1578052800"),
        ("TIMESTAMP_MS", "2020-01-02 24:00:00-12:00", "1578052800000"),
        ("DATE", "2020-01-02T24:00:00-02:30", "18264"), ("DATE", "2020-01-02T24:00:00+02:30", "18263"),
        ("TIME", "2020-01-02T24:00:00-12:00", "43200000000"), ("TIME", "24:00:00-02:30", "9000000000"),
        ("TIMETZ", "24:00:00-02:30", "02:30:00+00"), ("TIMETZ", "2020-01-02 24:00:00-0230", "02:30:00+00"),
    ])
    func offsetsCount(type: String, text: String, expected: String) throws {
        #expect(try Sample.cast(.text(text), to: try ColumnType.named(type).get()) == expected)
    }

    @Test(
        arguments: [
            ("INTEGER", .float(21.5), "the number 21.5 would become another number as INTEGER"),
            ("BOOLEAN", .integer(5), "the number 5 would become another number as BOOLEAN"),
            ("DECIMAL(10,2)", .text("1.005"), "the text \"1.005\" would become another number as DECIMAL(10,2)"),
            ("BOOLEAN", .tagged(4, .array([.integer(-1), .integer(10)])), nil),
            ("BOOLEAN", .tagged(4, .array([.integer(3), .integer(0)])), nil),
            (
                "BOOLEAN", .tagged(4, .array([.integer(-1), .integer(5)])),
                "the value 4([-1, 5]) would become another number as BOOLEAN"
            ),
            ("DECIMAL(10,2)", .float(0.1), nil), ("DECIMAL(10,2)", .float(Double(0.1 as Float)), nil),
            ("DECIMAL(12,10)", .float(1.0009765625), nil), ("INTEGER", .float(21), nil), ("BOOLEAN", .float(1), nil),
            ("FLOAT", .float(0.1), nil), ("DOUBLE", .integer(9_007_199_254_740_993), nil),
        ] as [(String, Value, String?)])
    func refusesWhatWouldBeAnotherNumber(type: String, value: Value, reason: String?) throws {
        #expect(Cast.check(value, for: try Self.column(type)) == reason)
    }

    /// Where we differ from DuckDB on purpose.
    private static func isMeant(type: String, kind: String, value: String) -> Bool {
        switch (type, kind) {
        // An offset counts, see above.
        case ("TIMESTAMP", "text"), ("TIMESTAMP_S", "text"), ("TIMESTAMP_MS", "text"), ("DATE", "text"),
            ("TIME", "text"),
            ("TIMETZ", "text"):
            hasOffset(value) || value.hasPrefix("294247-01-10") || value.hasPrefix("-290308-12-22")
        // 38 digits are what a decimal has.
        case ("HUGEINT", _), ("UHUGEINT", _):
            value.drop { $0 == "-" }.hasPrefix("1000000000000000000000000000000000000") || value.contains("e+38")
                || value.contains("1e38") || value.contains("e38") || (type == "UHUGEINT" && value.hasPrefix("-"))
        // It stores the largest number for the first, and zero for the second.
        case ("UHUGEINT", "int"), ("UHUGEINT", "float"): value.hasPrefix("-")
        // It multiplies floats, which adds digits that they do not have.
        case ("DECIMAL(38,5)", "float"): Double(value).map { $0.magnitude > 0x1p53 } ?? false
        // It checks the range before it rounds, so that these wrap round.
        case ("TINYINT", "float"): value == "127.6"
        case ("UTINYINT", "float"): value == "255.5"
        // It takes eleven digits for ten.
        case ("DECIMAL(10,2)", "text"): value == "123456.789e3"
        // No other reader of JSON takes a comma there.
        case ("JSON", "text"): value == "[1,2,]"
        // Any value has a JSON; bytes have base64.
        case ("JSON", "bytes"), ("JSON", "float"): true
        // 16 bytes are a UUID.
        case ("UUID", "bytes"): true
        // It does not skip a vertical tab there.
        case ("INTERVAL", "text"): value == "\u{0B}12"
        // The last second of all times.
        case ("TIMESTAMPTZ", "text"):
            value.hasPrefix("294247-01-10") || value.hasPrefix("-290308-12-22")
        // It takes a second sign, and underscores in exponents.
        case (_, "text") where value == "+-1" || value == "1e1_0": true
        default: false
        }
    }

    /// Whether a time of day is followed by an offset that makes a difference.
    private static func hasOffset(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        // DuckDB's 24:00 is the next day in a timestamp and no offset changes it; here it is midnight, of which an offset
        // counts as of any other time, `Z` too.
        if text.contains("24:00:00"), text.hasSuffix("Z") || text.hasSuffix("UTC") { return true }
        return text[colon...].contains { $0 == "+" || $0 == "-" }
    }

    private static func value(_ kind: String, _ shown: String) throws -> Value {
        switch kind {
        case "text": .text(shown)
        case "int": .init(bigInteger: try #require(BigInteger(decimal: shown)))
        case "float": .float(try #require(Double(shown)))
        case "bool": .bool(shown == "true")
        default: .bytes(ByteBuffer(bytes: Sample.bytes(hex: shown)))
        }
    }

    private static func isSame(_ actual: String?, _ expected: String?, _ type: ColumnType) -> Bool {
        guard let actual, let expected, type == .float || type == .double else { return actual == expected }
        guard let left = Double(actual), let right = Double(expected) else { return false }
        return left == right || (left.isNaN && right.isNaN)
    }
}
