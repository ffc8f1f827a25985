import Foundation
import RembusLake
import RembusStore
import RembusWire
import Testing

/// The catalog, as other brokers and readers find it (storage.md §5, §7).
@Suite struct CatalogTests {
    @Test("the system tables have exactly the specification's columns")
    func systemTables() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let rows = try await fixture.rows(
            """
            SELECT table_name, string_agg(column_name || ' ' || data_type || CASE WHEN is_nullable THEN '?' ELSE '' END,
            ', ' ORDER BY column_index) FROM duckdb_columns() WHERE database_name = 'rl' GROUP BY 1
            """)
        let tables = Dictionary(uniqueKeysWithValues: rows.compactMap { row in row[0].text.map { ($0, row[1].text) } })
        #expect(
            tables == [
                "message":
                    "name VARCHAR, recv UBIGINT?, slot UINTEGER?, qos UTINYINT?, uid UBIGINT?, topic VARCHAR, data BLOB?",
                "component": "broker VARCHAR, host VARCHAR, twin VARCHAR, status VARCHAR?, last_changed TIMESTAMP?",
                "exposer": "name VARCHAR, twin VARCHAR, topic VARCHAR",
                "subscriber": "name VARCHAR, twin VARCHAR, topic VARCHAR, msg_from DOUBLE?",
                "mark": "name VARCHAR, twin VARCHAR, mark UBIGINT?",
                "admin": "name VARCHAR, twin VARCHAR?",
                "topic_auth": "name VARCHAR, twin VARCHAR, topic VARCHAR",
                "tenant": "name VARCHAR, tenant VARCHAR, secret VARCHAR",
                "wait_ack2": "name VARCHAR, twin VARCHAR, ts UBIGINT?, id UBIGINT?",
                "message_source": "name VARCHAR, recv UBIGINT?, publisher VARCHAR?, tenant VARCHAR?",
                "rejected":
                    "name VARCHAR, recv UBIGINT?, topic VARCHAR?, reason VARCHAR?, data BLOB?, table_name VARCHAR?, tenant VARCHAR?",
                "rembus_trust": "name VARCHAR, kind VARCHAR, twin VARCHAR?, topic VARCHAR?, actions VARCHAR?",
                "rembus_progress": "name VARCHAR, partition UINTEGER?, recv UBIGINT?",
                "rembus_retention": "name VARCHAR, pattern VARCHAR, recv UBIGINT?",
                "rembus_table": "name VARCHAR, keys VARCHAR?",
                "sensor": "site VARCHAR, type VARCHAR, dn VARCHAR?",
                "telemetry": "dn VARCHAR?, temperature DOUBLE?, pressure DOUBLE?, ts UBIGINT, time_bucket UINTEGER?",
            ])
        let path = try await fixture.rows("SELECT value FROM ducklake_options('rl') WHERE option_name = 'data_path'")
        #expect(path == [[.text("\(fixture.folder)/bro/")]])
    }

    @Test("a restart goes on where the lake is, without a row twice", arguments: ["duckdb", "sqlite"])
    func restart(kind: String) async throws {
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = TestJournal(partitions: 2)
        for round in 0..<3 {
            let fixture = try LakeFixture(folder: folder, journal: journal) {
                if kind == "sqlite" { $0.catalog = .sqlite(path: "\(folder)/lake.sqlite") }
            }
            for number in 0..<50 {
                journal.publish(
                    "u\(round)/telemetry", [["temperature": .integer(Int64(number))]], partition: number % 2)
            }
            if round < 2 {
                // What is not written yet is written at the end.
                await fixture.lake.stop()
                #expect(journal.unarchivedBytes == 0)
            } else {
                try await fixture.drain()
                #expect(
                    try await fixture.rows("SELECT dn, count(*), sum(temperature) FROM telemetry GROUP BY 1 ORDER BY 1")
                        == (0..<3).map { [.text("u\($0)"), 50, 1225.0] })
                #expect(
                    try await fixture.rows("SELECT count(*), count(DISTINCT recv) FROM message") == [[150, 150]])
            }
        }
    }

    @Test("a batch ends at its limits and the next begins behind it", arguments: [(7, 1 << 20), (1000, 200)])
    func limits(rows: Int, bytes: Int) async throws {
        let fixture = try LakeFixture(partitions: 3, isStarted: false) { ($0.batchRows, $0.batchBytes) = (rows, bytes) }
        defer { fixture.removeFolder() }
        for number in 0..<100 {
            fixture.journal.publish(
                "u/telemetry", [["temperature": .integer(Int64(number))]], partition: number * number % 3)
        }
        fixture.lake.start()
        try await fixture.drain()
        #expect(fixture.lake.metrics.commits > 10)
        #expect(fixture.lake.metrics.messages == 100)
        #expect(try await fixture.rows("SELECT count(*), count(DISTINCT recv) FROM message") == [[100, 100]])
        // In receive order over all partitions.
        #expect(
            try await fixture.rows(
                "SELECT list(temperature ORDER BY ts) = list(temperature ORDER BY temperature) FROM telemetry")
                == [[true]])
    }

    @Test("a second broker on the same catalog is refused in one sentence")
    func secondBroker() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let error = #expect(throws: LakeError.self) { try LakeFixture(folder: fixture.folder) }
        #expect(error?.message.hasPrefix("another broker uses ducklake:\(fixture.folder)/bro.ducklake") == true)
        await fixture.lake.stop()
    }

    @Test("two brokers of different names share an SQLite catalog", .timeLimit(.minutes(3)))
    func sharedCatalog() async throws {
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fixtures = try ["one", "two"].map { name in
            try LakeFixture(folder: folder) {
                $0.name = name
                $0.catalog = .sqlite(path: "\(folder)/shared.sqlite")
                $0.ignoresDataPath = name == "two"
                $0.interval = .milliseconds(5)
            }
        }
        for _ in 0..<20 {
            for fixture in fixtures {
                for number in 0..<20 {
                    fixture.journal.publish("u/telemetry", [["temperature": .integer(Int64(number))]])
                }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        for fixture in fixtures { try await fixture.drain(timeout: .seconds(60)) }
        await fixtures[0].lake.stop()
        #expect(
            try await fixtures[1].rows("SELECT name, count(*), count(DISTINCT recv) FROM message GROUP BY 1 ORDER BY 1")
                == [["one", 400, 400], ["two", 400, 400]])
        #expect(try await fixtures[1].rows("SELECT count(*) FROM telemetry") == [[800]])
        #expect(try await fixtures[1].rows("SELECT count(*) FROM rejected") == [[0]])
    }

    @Test("publications of a clock that was set back are written all the same")
    func clockSetBack() async throws {
        let tomorrow = UInt64(Date().timeIntervalSince1970 + 86400) * 1_000_000_000
        let fixture = try LakeFixture(journal: TestJournal(partitions: 2, start: tomorrow))
        defer { fixture.removeFolder() }
        for number in 0..<10 { fixture.journal.publish("a", partition: number % 2) }
        try await fixture.drain()
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[10]])
    }

    @Test("a table that differs from the schema prevents the start and says how")
    func differingTable() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        await fixture.lake.stop()
        let changed = LakeFixture.sensors.replacing(
            "\"pressure\", \"type\": \"DOUBLE\"", with: "\"pressure\", \"type\": \"TEXT\""
        )
        .replacing(
            "\"extras\": {\"recv_ts\": \"ts\", \"slot\": \"time_bucket\"}", with: "\"extras\": {\"recv_ts\": \"at\"}")
        let error = #expect(throws: LakeError.self) { try Self.open(changed, folder: fixture.folder) }
        let message = try #require(error?.message)
        for part in [
            "table telemetry", "column pressure is DOUBLE, not VARCHAR", "column at is missing",
            "time_bucket is not in",
        ] {
            #expect(message.contains(part))
        }
    }

    @Test("names and defaults with quotes, and every column type, make a table")
    func oddNames() async throws {
        let schema = """
            {"tables": [{"table": "it's a \\"table\\"", "topic": ":sel ect/odd", "columns": [
              {"col": "sel ect", "type": "TEXT", "default": "it's"}, {"col": "order", "type": "DECIMAL(18,3)", "default": 1.5},
              {"col": "u", "type": "UUID"}, {"col": "d", "type": "DATE"}, {"col": "t", "type": "TIMESTAMP WITH TIME ZONE"},
              {"col": "i", "type": "INTERVAL"}, {"col": "b", "type": "BLOB"}, {"col": "j", "type": "JSON"}]}]}
            """
        let fixture = try LakeFixture(schema)
        defer { fixture.removeFolder() }
        fixture.journal.publish("a/odd", [["order": "2.25", "d": "2026-11-22", "i": "1 day", "j": "[1]"]])
        try await fixture.drain()
        let rows = try await fixture.rows(
            "SELECT \"sel ect\", \"order\"::TEXT, d::TEXT, i::TEXT, j FROM \"it's a \"\"table\"\"\"")
        #expect(rows == [["a", "2.250", "2026-11-22", "1 day", "[1]"]])
    }

    @Test("a partitioned table has a folder per key")
    func partitions() async throws {
        let schema = """
            {"tables": [{"table": "log", "partition": ["site"], "extras": {"recv_ts": "ts"}, "columns": [
              {"col": "site", "type": "TEXT"}, {"col": "v", "type": "INTEGER"}]}]}
            """
        let fixture = try LakeFixture(schema) { $0.inliningLimit = 0 }
        defer { fixture.removeFolder() }
        for number in 0..<30 { fixture.journal.publish("log", [["site": .text("s\(number % 3)"), "v": 1]]) }
        try await fixture.drain()
        await fixture.lake.stop()
        let folders = try FileManager.default.contentsOfDirectory(atPath: "\(fixture.folder)/bro/main/log")
        #expect(folders.sorted() == ["site=s0", "site=s1", "site=s2"])
    }

    @Test(
        "DUCKLAKE_URL",
        arguments: [
            ("ducklake:/x/y.ducklake", "ducklake:/x/y.ducklake"),
            ("ducklake:sqlite:/x/y.db", "ducklake:sqlite:/x/y.db"),
            (
                "ducklake:postgres:postgresql://user:secret@host/db", "ducklake:postgres:postgresql://user:***@host/db"
            ), ("ducklake:postgres:dbname=x password=secret", "ducklake:postgres:dbname=x password=***"),
        ])
    func url(text: String, shown: String) throws {
        let catalog = try CatalogLocation(url: text)
        #expect(catalog.description == shown)
        #expect(catalog.url == text)
    }

    @Test("a wrong DUCKLAKE_URL", arguments: ["postgres:x", "ducklake:", "ducklake:sqlite:"])
    func wrongURL(text: String) {
        #expect(throws: LakeError.self) {
            try CatalogLocation(url: text)
        }
    }

    @Test("component tables say what the newest records say, and nothing else")
    func components() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let subscription = ComponentRecord.Subscription(topic: "a/**", messageFrom: .infinity, marks: [7, 9])
        fixture.lake.project([
            ComponentRecord(
                name: "it's", subscriptions: [subscription], exposed: ["x", "y"], host: "127.0.0.1", isConnected: true),
            ComponentRecord(name: "other", exposed: ["z"], host: "h"),
        ])
        fixture.lake.project([ComponentRecord(name: "other", host: "h")])
        let end = ContinuousClock.now + .seconds(60)
        while try fixture.lake.storedState().components.map(\.name) != ["it's"], ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(try fixture.lake.storedState().components.map(\.name) == ["it's"])
        #expect(try fixture.lake.storedState().components.first?.subscriptions.first?.marks == [9])
        fixture.lake.project([ComponentRecord(name: "it's", exposed: ["y"], host: "127.0.0.1")])
        #expect(
            try await fixture.rows("SELECT * FROM exposer ORDER BY ALL") == [["bro", "it's", "y"]])
        #expect(try await fixture.rows("SELECT count(*) FROM subscriber") == [[0]])
        #expect(
            try await fixture.rows("SELECT twin, status FROM component ORDER BY 1") == [
                ["it's", "down"], ["other", "down"],
            ])
    }

    private static func open(_ schema: String, folder: String) throws {
        // The lock of the lake before goes with its last reference.
        for _ in 0..<1200 {
            do {
                _ = try LakeFixture(schema, folder: folder)
                return
            } catch let error as LakeError where error.message.hasPrefix("another broker") {
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }
}
