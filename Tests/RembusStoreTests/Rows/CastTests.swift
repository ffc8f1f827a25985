import NIOCore
import RembusWire
import Testing

@testable import RembusStore

/// Values become what DuckDB makes of them. The expectations come from DuckDB: `Tests/support/make_duckdb_casts.py`.
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
            if type == .interval, let parts = expected?.split(separator: " ").compactMap({ Int($0) }),
                parts.contains(where: { $0 < 0 }) || parts[2] >= ColumnType.intervalHours * 3_600_000_000
            {
                continue
            }
            if type == .timestampS, expected?.contains("infinity") == true { continue }
            let actual = try Sample.cast(try Self.value(parts[1], shown), to: type)
            if !Self.isSame(actual, expected, type) {
                differences.append("\(line) – here \(actual ?? "!")")
            }
        }
        #expect(differences.isEmpty, "\(differences.count): \(differences.prefix(60).joined(separator: "\n"))")
    }

    /// One such value would keep all rows beside it from being written or read.
    @Test(arguments: [
        ("INTERVAL", "-1 month"), ("INTERVAL", "1 month -1 day"), ("INTERVAL", "1 day -00:00:01"),
        ("INTERVAL", "1 day ago"),
        ("INTERVAL", "1193:00:00"), ("TIMESTAMP_S", "infinity"), ("TIMESTAMP_S", "-infinity"),
        ("HUGEINT", "170141183460469231722463931679029329920"), ("HUGEINT", "-170141183460469231731687303715884105728"),
        ("UHUGEINT", "340282366920938445016630533722058653695"),
    ])
    func refusesWhatParquetCannotHold(type: String, text: String) throws {
        let type = try ColumnType.named(type).get()
        #expect(Cast.check(.text(text), as: type) == "the text \"\(text)\" is out of the range of \(type.sql)")
    }

    @Test(arguments: [
        ("INTERVAL", "1 month", "1 0 0"), ("INTERVAL", "1192:59:59.999", "0 0 4294799999000"),
        ("HUGEINT", "170141183460469212842221372237303250944", "170141183460469212842221372237303250944"),
        ("UHUGEINT", "340282366920938434790560430107312914432", "340282366920938434790560430107312914432"),
    ])
    func takesWhatItCan(type: String, text: String, expected: String) throws {
        #expect(try Sample.cast(.text(text), to: try ColumnType.named(type).get()) == expected)
    }

    /// Where we differ from DuckDB on purpose.
    private static func isMeant(type: String, kind: String, value: String) -> Bool {
        switch (type, kind) {
        // It stores the largest number for the first, and zero for the second.
        case ("UHUGEINT", "int"), ("UHUGEINT", "float"): value.hasPrefix("-")
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
        case ("TIME", "text"), ("TIMETZ", "text"), ("TIMESTAMPTZ", "text"), ("TIMESTAMP_S", "text"),
            ("TIMESTAMP_MS", "text"):
            value.hasPrefix("294247-01-10") || value.hasPrefix("-290308-12-22")
        // It takes a second sign, and underscores in exponents.
        case (_, "text") where value == "+-1" || value == "1e1_0": true
        default: false
        }
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
