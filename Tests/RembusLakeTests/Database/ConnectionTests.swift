import Foundation
import RembusLake
import Synchronization
import Testing

@Suite struct ConnectionTests {
    private let connection: DatabaseConnection

    init() throws {
        connection = try Database().connect()
    }

    @Test func theLibraryTellsItsVersionAndFile() throws {
        #expect(DuckDBLibrary.version.hasPrefix("v1.5."))
        #expect(DuckDBLibrary.file.contains("libduckdb"))
    }

    @Test func parametersComeBackAsTheyWere() throws {
        let values: [DatabaseValue] = [
            .null, true, .integer(.min), .integer(.max), .unsigned(.max), .hugeInteger(-1 << 100),
            .unsignedHugeInteger(.max), 1.5, "", "twelve bytes", "more than twelve bytes, ünïcödé",
            .text("nul\0inside"),
            .blob([]), .blob([0, 1, 255]), .timestamp(1_700_000_000_123_456),
        ]
        for value in values {
            let result = try connection.query("SELECT $1", [value])
            #expect(result.value == value, "\(value)")
        }
    }

    private static let typed: [(sql: String, value: DatabaseValue)] = [
        ("true", .bool(true)), ("-5::TINYINT", .integer(-5)), ("200::UTINYINT", .unsigned(200)),
        ("-300::SMALLINT", .integer(-300)), ("60000::USMALLINT", .unsigned(60000)), ("7::INTEGER", .integer(7)),
        ("4000000000::UINTEGER", .unsigned(4_000_000_000)), ("18446744073709551615::UBIGINT", .unsigned(.max)),
        ("(-170141183460469231731687303715884105727 - 1)::HUGEINT", .hugeInteger(.min)),
        ("340282366920938463463374607431768211455::UHUGEINT", .unsignedHugeInteger(.max)),
        ("1.25::FLOAT", .double(1.25)), ("DATE '1970-01-11'", .date(10)), ("TIME '00:00:01'", .time(1_000_000)),
        ("TIMESTAMP '1970-01-01 00:00:01'", .timestamp(1_000_000)),
        ("TIMESTAMP_S '1970-01-01 00:00:01'", .timestamp(1_000_000)),
        ("TIMESTAMP_MS '1970-01-01 00:00:01'", .timestamp(1_000_000)),
        ("TIMESTAMP_NS '1970-01-01 00:00:01'", .timestamp(1_000_000)),
        ("-1.25::DECIMAL(4,2)", .decimal(-125, scale: 2)), ("1.5::DECIMAL(18,3)", .decimal(1500, scale: 3)),
        ("1::DECIMAL(38,10)", .decimal(10_000_000_000, scale: 10)), ("'b'::ENUM('a','b')", .text("b")),
        ("'00112233-4455-6677-8899-aabbccddeeff'::UUID", .text("00112233-4455-6677-8899-aabbccddeeff")),
        ("[1, NULL]", .list([.integer(1), .null])), ("[1, 2]::INTEGER[2]", .list([.integer(1), .integer(2)])),
        (
            "{'a': 1, 'b': 'x'}",
            .structure([.init(name: "a", value: .integer(1)), .init(name: "b", value: .text("x"))])
        ),
        (
            "MAP {'k': 5}",
            .list([.structure([.init(name: "key", value: .text("k")), .init(name: "value", value: .integer(5))])])
        ),
    ]

    @Test(arguments: typed)
    func everyTypeIsRead(sql: String, expected: DatabaseValue) throws {
        #expect(try connection.query("SELECT \(sql)").value == expected)
    }

    @Test func manyRowsComeInChunks() throws {
        let result = try connection.query(
            "SELECT i AS n, CASE WHEN i % 3 > 0 THEN 'row number ' || i END AS t FROM range(10000) r(i)")
        #expect(result.columns.map(\.name) == ["n", "t"])
        #expect(result.rowCount == 10000)
        var row: Int64 = 0
        for chunk in result.chunks {
            let (numbers, texts) = (chunk[0], chunk[1])
            for index in 0..<chunk.count {
                #expect(numbers.load(index) == row)
                #expect(texts.text(index) == (row % 3 > 0 ? "row number \(row)" : nil))
                row += 1
            }
        }
    }

    @Test func aPreparedStatementRunsSeveralTimes() throws {
        let statement = try connection.prepare("SELECT ?::INTEGER + ?::INTEGER")
        #expect(statement.parameterCount == 2)
        for number in 0..<5 as Range<Int64> {
            #expect(try statement.query([.integer(number), 10]).value == .integer(number + 10))
        }
        #expect(throws: LakeError.self) { try statement.query([1]) }
    }

    @Test func changedRowsAreCounted() throws {
        try connection.execute("CREATE TABLE t (i INTEGER); INSERT INTO t VALUES (1), (2), (3)")
        #expect(try connection.query("DELETE FROM t WHERE i > $1", [1]).changedRowCount == 2)
    }

    @Test func errorsHaveAKindAndDuckDBsText() throws {
        try connection.execute("CREATE TABLE t (i INTEGER NOT NULL)")
        let cases: [(String, LakeError.Kind, String)] = [
            ("SELEKT", .syntax, "syntax error"), ("SELECT x FROM t", .name, "\"x\" not found"),
            ("SELECT * FROM nowhere", .name, "nowhere does not exist"), ("SELECT 'x'::INTEGER", .conversion, "INT32"),
            ("INSERT INTO t VALUES (NULL)", .constraint, "NOT NULL"),
            ("SELECT * FROM 'missing.csv'", .io, "missing.csv"), ("COMMIT", .transaction, "no transaction"),
        ]
        for (sql, kind, text) in cases {
            let error = #expect(throws: LakeError.self) { try connection.execute(sql) }
            #expect(error?.kind == kind, "\(sql): \(String(describing: error))")
            #expect(error?.message.contains(text) == true, "\(sql): \(String(describing: error))")
            let prepared = #expect(throws: LakeError.self) { try connection.query(sql) }
            #expect(prepared?.kind == kind, "\(sql): \(String(describing: prepared))")
        }
    }

    @Test func aTransactionIsRolledBackWhenItsBodyThrows() throws {
        try connection.execute("CREATE TABLE t (i INTEGER)")
        #expect(throws: LakeError(.other, "stop")) {
            try connection.transaction { () throws(LakeError) in
                try connection.execute("INSERT INTO t VALUES (1)")
                throw LakeError(.other, "stop")
            }
        }
        try connection.transaction { () throws(LakeError) in try connection.execute("INSERT INTO t VALUES (2)") }
        #expect(try connection.query("SELECT * FROM t").rows == [[2]])
    }

    @Test(.timeLimit(.minutes(5))) func aLongStatementIsStopped() throws {
        let long = "SELECT count(*) FROM range(100000000000) a(i), range(1000) b(j) WHERE i % 7 = j"
        let error = #expect(throws: LakeError.self) { try connection.query(long, timeout: .milliseconds(100)) }
        #expect(error == LakeError(.timedOut, "the statement took longer than 100 ms"))
        #expect(try connection.query("SELECT 1", timeout: .seconds(60)).value == 1)
    }

    @Test(.timeLimit(.minutes(5))) func anInterruptFromAnotherThreadStopsTheStatement() throws {
        let interrupter = connection.interrupter
        // A thread of its own: the statement holds one of the few that tasks share.
        let isDone = Mutex(false)
        let thread = Thread {
            while !isDone.withLock({ $0 }) {
                interrupter.interrupt()
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        thread.start()
        defer { isDone.withLock { $0 = true } }
        let error = #expect(throws: LakeError.self) {
            try connection.query("SELECT count(*) FROM range(100000000000) a(i), range(1000) b(j) WHERE i % 7 = j")
        }
        #expect(error?.kind == .interrupted)
    }

    @Test func connectionsShareADatabase() throws {
        let database = try Database(options: ["threads": "2", "memory_limit": "100MB"])
        let (first, second) = (try database.connect(), try database.connect())
        try first.execute("CREATE TABLE t AS SELECT 42 AS i")
        #expect(try second.query("SELECT i FROM t").value == 42)
        #expect(try second.query("SELECT current_setting('threads')").value == 2)
    }

    @Test func aWrongOptionOrPathIsAnError() {
        #expect(throws: LakeError.self) { try Database(options: ["no_such_option": "1"]) }
        #expect(throws: LakeError.self) { try Database(path: "/no/such/folder/file.db") }
    }

    @Test func theInstalledExtensionsLoad() throws {
        for name in ["ducklake", "sqlite_scanner", "postgres_scanner", "httpfs"] {
            try connection.load(extension: name)
        }
        for name in ["json", "icu", "parquet"] {
            #expect(
                try connection.query("SELECT loaded FROM duckdb_extensions() WHERE extension_name = $1", [.text(name)])
                    .value == true, "\(name)")
        }
        let error = #expect(throws: LakeError.self) { try connection.load(extension: "nonsense") }
        #expect(error?.kind == .unavailable && error?.message.contains("setup.sh") == true)
    }
}
