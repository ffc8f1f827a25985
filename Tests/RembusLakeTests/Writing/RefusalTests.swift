import Foundation
import RembusLake
import RembusStore
import RembusWire
import Testing

/// What the database refuses although the schema allowed it: tables that somebody changed behind the broker's back.
@Suite struct RefusalTests {
    /// Runs a statement on the SQLite catalog as another process would.
    private func alter(_ fixture: LakeFixture, _ statement: String) throws {
        let connection = try Database().connect()
        try connection.load(extension: "ducklake")
        try connection.load(extension: "sqlite_scanner")
        try connection.execute("ATTACH \(SQL.literal(fixture.configuration.catalog.url)) AS rl; USE rl; \(statement)")
        try connection.execute("USE memory; DETACH rl")
    }

    private func fixture() throws -> LakeFixture {
        let folder = LakeFixture.newFolder()
        return try LakeFixture(folder: folder) {
            $0.catalog = .sqlite(path: "\(folder)/lake.sqlite")
            $0.inliningLimit = 0
        }
    }

    @Test("exactly the refused rows go to rejected, and the batch's other tables are not touched by it")
    func refusedRows() async throws {
        let fixture = try fixture()
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        journal.publish("u/telemetry", [["temperature": 1, "pressure": 2]])
        try await fixture.drain()
        try alter(fixture, "ALTER TABLE telemetry ALTER COLUMN pressure SET NOT NULL")
        for number in 0..<200 {
            let isBad = number % 67 == 5
            journal.publish("u\(number)/telemetry", [isBad ? ["temperature": 1] : ["temperature": 1, "pressure": 2]])
        }
        journal.publish("hq/HVAC/u1/sensor")
        try await fixture.drain()
        let metrics = fixture.lake.metrics
        #expect(try await fixture.rows("SELECT count(*) FROM telemetry") == [[198]])
        #expect(
            try await fixture.rows("SELECT topic, split_part(reason, ':', 1) FROM rejected ORDER BY recv")
                == [5, 72, 139].map { [.text("u\($0)/telemetry"), "null_not_allowed"] })
        #expect(try await fixture.rows("SELECT count(*) FROM sensor") == [[1]])
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[202]])
        #expect(metrics.rejected[LakeMetrics.Rejected(table: "telemetry", reason: "null_not_allowed")] == 3)
    }

    @Test("a table that is gone rejects its rows and stops nothing else")
    func lostTable() async throws {
        let fixture = try fixture()
        defer { fixture.removeFolder() }
        try alter(fixture, "DROP TABLE telemetry")
        for number in 0..<100 { fixture.journal.publish("u\(number)/telemetry", [["temperature": 1]]) }
        fixture.journal.publish("hq/HVAC/u1/sensor")
        try await fixture.drain()
        #expect(try await fixture.rows("SELECT count(*) FROM sensor") == [[1]])
        #expect(try await fixture.rows("SELECT count(*) FROM rejected WHERE reason LIKE 'database:%'") == [[100]])
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[101]])
    }

    @Test("while data files cannot be written everything waits in the journal, and then comes once")
    func fullDisk() async throws {
        let fixture = try fixture()
        defer { fixture.removeFolder() }
        fixture.journal.publish("u/telemetry", [["temperature": 1]])
        try await fixture.drain()
        // No folder to write into, also for root.
        let (data, aside) = ("\(fixture.folder)/bro", "\(fixture.folder)/aside")
        try FileManager.default.moveItem(atPath: data, toPath: aside)
        try "in the way".write(toFile: data, atomically: true, encoding: .utf8)
        for number in 0..<50 { fixture.journal.publish("u\(number)/telemetry", [["temperature": 2]]) }
        for _ in 0..<3000 where fixture.lake.metrics.failures < 2 { try await Task.sleep(for: .milliseconds(20)) }
        #expect(fixture.lake.metrics.failures >= 2)
        #expect(fixture.lake.metrics.lastFailure != nil)
        #expect(fixture.journal.unarchivedBytes > 0)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: aside, toPath: data)
        try await fixture.drain()
        #expect(fixture.lake.metrics.lastFailure == nil)
        #expect(try await fixture.rows("SELECT count(*), count(DISTINCT ts) FROM telemetry") == [[51, 51]])
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[51]])
        #expect(try await fixture.rows("SELECT count(*) FROM rejected") == [[0]])
    }

    @Test("a write that failed is tried again after its pause, however long the interval and however quiet the broker")
    func retry() async throws {
        let folder = LakeFixture.newFolder()
        let fixture = try LakeFixture(folder: folder, isStarted: false) {
            $0.inliningLimit = 0
            $0.interval = .seconds(3600)
        }
        defer { fixture.removeFolder() }
        let (data, aside) = ("\(folder)/bro", "\(folder)/aside")
        try FileManager.default.moveItem(atPath: data, toPath: aside)
        try "in the way".write(toFile: data, atomically: true, encoding: .utf8)
        fixture.journal.publish("u/telemetry", [["temperature": 1]])
        fixture.lake.start()
        for _ in 0..<3000 where fixture.lake.metrics.failures < 1 { try await Task.sleep(for: .milliseconds(20)) }
        try #require(fixture.lake.metrics.failures >= 1)
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: aside, toPath: data)
        try await fixture.drain()
        #expect(try await fixture.rows("SELECT count(*) FROM telemetry") == [[1]])
    }
}
