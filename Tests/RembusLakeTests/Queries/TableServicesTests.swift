import DataFrames
import Dispatch
import Foundation
import Logging
import NIOCore
import RembusLake
import RembusTables
import RembusWire
import Testing

/// The services over a real catalog with locked configuration.
@Suite struct TableServicesTests {
    let folder = TemporaryFolder()
    let catalog: Catalog
    let writer: TestWriter
    let readers: ReaderPool
    let schema: StoreSchema

    private static let schemaText = """
        {"tables": [
          {"table": "sensor", "topic": ":site/:type/:dn/sensor", "keys": ["dn"], "columns": [
            {"col": "site", "type": "TEXT", "nullable": false}, {"col": "type", "type": "TEXT", "default": "it's new"},
            {"col": "dn", "type": "TEXT"}, {"col": "n", "type": "INTEGER"}],
            "extras": {"recv_ts": "ts", "slot": "time_bucket"}},
          {"table": "telemetry", "topic": ":dn/telemetry", "extras": {"recv_ts": "ts", "slot": "time_bucket"}, "columns": [
            {"col": "dn", "type": "TEXT"}, {"col": "temperature", "type": "DOUBLE"}, {"col": "pressure", "type": "DOUBLE", "default": 1.5}]},
          {"table": "types", "columns": [
            {"col": "b", "type": "BOOLEAN"}, {"col": "bl", "type": "BLOB"}, {"col": "t", "type": "TEXT"}, {"col": "i1", "type": "TINYINT"},
            {"col": "u1", "type": "UTINYINT"}, {"col": "i2", "type": "SMALLINT"}, {"col": "i4", "type": "INTEGER"}, {"col": "i8", "type": "BIGINT"},
            {"col": "h", "type": "HUGEINT"}, {"col": "u2", "type": "USMALLINT"}, {"col": "u4", "type": "UINTEGER"}, {"col": "u8", "type": "UBIGINT"},
            {"col": "f", "type": "FLOAT"}, {"col": "d", "type": "DOUBLE"}, {"col": "ts", "type": "TIMESTAMP"}, {"col": "dec", "type": "DECIMAL(10,2)"},
            {"col": "da", "type": "DATE"}, {"col": "ti", "type": "TIME"}, {"col": "tz", "type": "TIMESTAMPTZ"}, {"col": "u", "type": "UUID"},
            {"col": "j", "type": "JSON"}]}
        ]}
        """

    /// For machines with more to do.
    private static var patient: TableServices.Limits {
        var limits = TableServices.Limits()
        limits.timeout = .seconds(60)
        return limits
    }

    init() throws {
        schema = try StoreSchema(json: ByteBuffer(string: Self.schemaText), file: "schema.json")
        var logger = Logger(label: "lake")
        logger.logLevel = .critical
        let catalog = try Catalog(
            LakeConfiguration(directory: folder.path, name: "bro"), schema: schema, logger: logger)
        self.catalog = catalog
        writer = TestWriter(try catalog.connect())
        readers = ReaderPool(count: 2, logger: logger) { () throws(LakeError) in try catalog.connect() }
    }

    func call(_ method: String, _ arguments: Value..., limits: TableServices.Limits = patient) async throws
        -> Value
    {
        let services = TableServices(
            schema, readers: readers, writer: writer, limits: limits, logger: .lakeTests)
        let method = try #require(services.methods[method])
        return try await method(arguments)
    }

    func frame(_ table: String, _ argument: Value = .null) async throws -> DataFrame {
        guard case .tagged(80, .bytes(let buffer)) = try await call("query_\(table)", argument) else {
            throw LakeError(.other, "the answer is no frame")
        }
        return try DataFrame(arrow: buffer)
    }

    func rows(_ table: String, _ argument: Value = .null) async throws -> [[String]] {
        let frame = try await frame(table, argument)
        return (0..<frame.rowCount).map { row in frame.columns.map { "\($0.isNull(row) ? "-" : "\($0.cell(row))")" } }
    }

    func texts(_ table: String, _ columns: String, _ condition: String = "true", order: String = "1")
        async throws -> [[DatabaseValue]]
    {
        try await writer.perform { connection in
            try connection.query("SELECT \(columns) FROM \(table) WHERE \(condition) ORDER BY \(order)").rows
        }
    }

    func fill() async throws {
        try await writer.perform { connection in
            try connection.execute(
                """
                INSERT INTO telemetry SELECT 'u' || i % 3, i, 900 + i, i, NULL FROM range(12) r(i);
                INSERT INTO sensor VALUES ('hq', 'HVAC', 'u0', 1, 7, 8), ('lab', 'Light', 'u1', 2, 7, NULL)
                """)
        }
    }

    func refusal(_ method: String, _ arguments: Value...) async -> String {
        let services = TableServices(schema, readers: readers, writer: writer, logger: .lakeTests)
        do {
            _ = try await services.methods[method]?(arguments)
            return "nothing was refused"
        } catch {
            return "\(error)"
        }
    }

    // MARK: - Query

    @Test func aQueryGivesAFrame() async throws {
        try await fill()
        let all = try await frame("telemetry")
        #expect(all.columnNames == ["dn", "temperature", "pressure", "ts", "time_bucket"])
        #expect(all.columns.map { "\($0.type)" } == ["large_string", "double", "double", "uint64", "uint32"])
        #expect(all.rowCount == 12)
        #expect(try await frame("telemetry", ["where": "dn='u1' AND temperature > 4"]).rowCount == 2)
        #expect(try await frame("telemetry", [:]).rowCount == 12)
        let none = try await frame("telemetry", ["where": "dn='u9'"])
        #expect(
            none.rowCount == 0 && none.columnNames == all.columnNames
                && none.columns.map(\.type) == all.columns.map(\.type))
    }

    @Test func columnsOrderLimitAndOffsetAreApplied() async throws {
        try await fill()
        let means = try await frame("telemetry", ["cols": "dn, avg(temperature)", "order": "dn"])
        #expect(means.columnNames == ["dn", "avg(temperature)"])
        #expect(try means.column("avg(temperature)").values(as: Double.self).map { $0 } == [4.5, 5.5, 6.5])
        let some = try await frame(
            "telemetry", ["cols": ["temperature", "dn"], "order": ["temperature desc"], "limit": 2, "offset": 1])
        #expect(some.columnNames == ["temperature", "dn"])
        #expect(try some.column("temperature").values(as: Double.self).map { $0 } == [10, 9])
        #expect(try await frame("telemetry", ["limit": 0]).rowCount == 0)
        #expect(try await frame("telemetry", ["limit": 3.0]).rowCount == 3)
        #expect(
            try await frame("telemetry", ["cols": "dn, dn, upper(dn) AS dn_1", "limit": 1]).columnNames == [
                "dn", "dn_2", "dn_1",
            ])
    }

    @Test func everyTypeArrivesAsTheReferenceSendsIt() async throws {
        let record: Value = [
            "b": true, "bl": .bytes(ByteBuffer(bytes: [1, 2])), "t": "x", "i1": -1, "u1": 1, "i2": 2, "i4": 3, "i8": 4,
            "h": 5, "u2": 6, "u4": 7,
            "u8": 8, "f": 1.5, "d": 2.5, "ts": "2026-01-01 02:00:00+02:00", "dec": 1.25, "da": "2026-01-01",
            "ti": "10:00:00",
            "tz": "2026-01-01 00:00:00+00", "u": "00112233-4455-6677-8899-aabbccddeeff", "j": ["a": 1],
        ]
        #expect(try await call("upsert_types", record) == .null)
        let frame = try await frame("types")
        #expect(
            frame.columns.map { "\($0.name) \($0.type)" } == [
                "b bool", "bl large_binary", "t large_string", "i1 int8", "u1 uint8", "i2 int16", "i4 int32",
                "i8 int64",
                "h decimal128(38, 0)", "u2 uint16", "u4 uint32", "u8 uint64", "f float", "d double", "ts timestamp[us]",
                "dec decimal128(10, 2)", "da date32[day]", "ti time64[us]", "tz timestamp[us, tz=UTC]",
                "u large_string", "j large_string",
            ])
        #expect(frame.columns.allSatisfy { $0.nullCount == 0 && $0.field.extensionName == nil })
        #expect(
            try await texts("types", "ts::VARCHAR, j::VARCHAR, bl, dec::VARCHAR") == [
                ["2026-01-01 00:00:00", #"{"a":1}"#, .blob([1, 2]), "1.25"]
            ])
    }

    @Test func thePastIsGiven() async throws {
        try await fill()
        try await Task.sleep(for: .milliseconds(1100))
        let now = Date().timeIntervalSince1970
        try await Task.sleep(for: .milliseconds(1100))
        _ = try await call("delete_telemetry", ["where": "dn = 'u1'"])
        #expect(try await frame("telemetry").rowCount == 8)
        #expect(try await frame("telemetry", ["when": .float(now + 0.5)]).rowCount == 12)
        #expect(try await frame("telemetry", ["when": .integer(Int64(now)), "where": "dn='u1'"]).rowCount == 4)
        #expect(try await frame("telemetry", ["when": "2999-01-01 00:00"]).rowCount == 8)
        let message = await refusal("query_telemetry", ["when": .float(now - 3600)])
        #expect(message.hasPrefix("when: the table telemetry is not known as it was at "), "\(message)")
        #expect(message.contains("+00: its history begins at 20"), "\(message)")
    }

    @Test func wrongArgumentsAreRefused() async throws {
        try await fill()
        let cases: [(Value, String)] = [
            (["foo": 1, "bar": 2], "invalid keys: foo, bar"), (5, "must be a map"), ("x", "must be a map"),
            (["where": 5], "where: a text"),
            (["cols": 5], "cols: a text"), (["cols": ["dn", 5]], "cols: all elements"), (["cols": []], "SELECT clause"),
            (["limit": -1], "limit: a number"),
            (["limit": "1"], "limit: a number"), (["offset": 1.5], "offset: a number"),
            (["when": "garbage"], "is not a timestamp"), (["where": "nocol = 1"], "no column nocol"),
            (["where": ""], "where: syntax error"), (["cols": ["dn FROM tenant --"]], "cols: "),
            (["order": "1"], "order: "), (["where": "1; DROP TABLE sensor"], "where: "),
            (["cols": ["dn --", "secret"]], "no column secret"),
            (["when": "2026-01-01'; DROP TABLE sensor --"], "is not a timestamp"),
        ]
        for (argument, text) in cases {
            let message = await refusal("query_sensor", argument)
            #expect(message.contains(text), "\(argument): \(message)")
        }
        #expect(await refusal("query_sensor", .null, .null).contains("one argument"))
        #expect(
            await refusal("query_sensor", ["where": "n = 'x'"]).hasPrefix(
                "table sensor: the text \"x\" is no "))
        #expect(
            await refusal("query_sensor", ["cols": "CAST(site AS INTEGER)"])
                == "table sensor, column site: the text \"hq\" is no INTEGER; TRY_CAST(site AS INTEGER) gives null where a "
                + "value is none")
        #expect(
            await refusal("query_sensor", ["cols": "abs(site)"]).hasPrefix("table sensor: there is no abs(VARCHAR); "))
    }

    @Test func aResultThatIsTooLargeTellsItsSize() async throws {
        try await fill()
        var limits = TableServices.Limits()
        limits.maximumAnswerBytes = 700
        let error = await #expect(throws: LakeError.self) {
            try await self.call("query_telemetry", .null, limits: limits)
        }
        #expect(error?.kind == .tooLarge)
        let message = error?.message ?? ""
        #expect(message.hasPrefix("the result has 12 rows and about ") && message.contains("limit"))
    }

    @Test(.timeLimit(.minutes(5))) func aQueryThatIsTooSlowIsStopped() async throws {
        try await writer.perform {
            try $0.execute("INSERT INTO telemetry SELECT 'u' || i, i, i, i, NULL FROM range(300000) r(i)")
        }
        var limits = TableServices.Limits()
        limits.timeout = .milliseconds(50)
        // Slow for every row, but within the length that a condition may have.
        let slow = (0..<100).map {
            "levenshtein(dn || '\(String(repeating: "x", count: 60))', '\(String(repeating: "y", count: 40))\($0)') > 3"
        }
        let condition = Value.text(slow.joined(separator: " AND "))
        let error = await #expect(throws: LakeError.self) {
            try await self.call("query_telemetry", ["where": condition], limits: limits)
        }
        #expect(error?.kind == .timedOut, "\(String(describing: error))")
        #expect(try await frame("telemetry", ["cols": "count(*)"]).rowCount == 1)
    }

    // MARK: - Isolation

    @Test func queryConnectionsAreLockedDown() async throws {
        for sql in [
            "SELECT * FROM read_text('/etc/passwd')", "ATTACH '/tmp/other.db'", "SET memory_limit = '10GB'",
            "COPY (SELECT 1) TO '/tmp/rembus-escape.csv'",
            "INSTALL httpfs", "LOAD '/tmp/x.duckdb_extension'", "SET enable_external_access = true",
            "SELECT * FROM read_csv('/etc/passwd')",
        ] {
            let error = await #expect(throws: LakeError.self) {
                try await self.readers.perform { _ = try $0.query(sql) }
            }
            #expect(error != nil, "\(sql)")
        }
    }

    @Test func manyQueriesRunSideBySideWithWrites() async throws {
        try await fill()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                group.addTask {
                    if number % 4 == 0 {
                        _ = try await self.call(
                            "upsert_telemetry", ["dn": "w", "temperature": .integer(Int64(number))])
                        return 3
                    }
                    return try await self.frame("telemetry", ["where": "dn <> 'w'", "cols": "DISTINCT dn"]).rowCount
                }
            }
            for try await count in group { #expect(count == 3) }
        }
        #expect(try await frame("telemetry", ["where": "dn = 'w'"]).rowCount == 10)
    }

    @Test(.timeLimit(.minutes(5))) func aCancelledQueryIsInterruptedAndAClosedPoolRefuses() async throws {
        let long = "SELECT count(*) FROM range(100000000000) a(i), range(1000) b(j) WHERE i % 7 = j"
        let tasks = (0..<4).map { _ in
            Task { [readers] in try await readers.perform { connection in try connection.query(long).rowCount } }
        }
        try await Task.sleep(for: .milliseconds(200))
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: LakeError.self) { try await task.value } }
        #expect(try await readers.perform { try $0.query("SELECT 1").value } == 1)
        let last = Task { [readers] in try await readers.perform { connection in try connection.query(long).rowCount } }
        try await Task.sleep(for: .milliseconds(200))
        await readers.close()
        await #expect(throws: LakeError.self) { try await last.value }
        await #expect(throws: LakeError.self) { try await self.readers.perform { _ in 1 } }
    }
}

extension Logger {
    /// Says nothing.
    static let lakeTests = Logger(label: "lake") { _ in SwiftLogNoOpLogHandler() }
}
