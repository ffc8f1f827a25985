import Foundation
import RembusLake
import RembusStore
import RembusWire
import TestSupport
import Testing

/// A catalog in a real PostgreSQL server, which comes and goes.
@Suite(.serialized, .enabled(if: PostgresServer.programs != nil, PostgresServer.absence)) struct PostgresTests {
    @Test("everything is in the lake once although the server crashes again and again", .timeLimit(.minutes(5)))
    func crashes() async throws {
        let server = try PostgresServer()
        let journal = TestJournal(partitions: 2)
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fixture = try LakeFixture(folder: folder, journal: journal) {
            $0.catalog = .postgres(connection: server.connection)
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(300)
        }
        #expect(!fixture.lake.description.contains("s3cret"))
        var count = 0
        for round in 0..<4 {
            for step in 0..<60 {
                for number in 0..<40 {
                    journal.publish(
                        "u\(number % 7)/telemetry", [["temperature": .integer(Int64(count))]], partition: number % 2)
                    count += 1
                }
                if step == 15 + 9 * round { server.crash() }
                if step == 40 { try server.start() }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        try await fixture.drain(timeout: .seconds(120))
        // Maintenance goes on too; how many rounds met a running server is open.
        let end = ContinuousClock.now + .seconds(60)
        while fixture.lake.metrics.snapshots == 0, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(50))
        }
        let metrics = fixture.lake.metrics
        #expect(metrics.failures > 0)
        #expect(metrics.maintenanceRounds > 0 && metrics.snapshots > 0)
        #expect(metrics.lastFailure == nil)
        let expected: [[DatabaseValue]] = [[.integer(Int64(count)), .integer(Int64(count))]]
        #expect(try await fixture.rows("SELECT count(*), count(DISTINCT recv) FROM message") == expected)
        #expect(try await fixture.rows("SELECT count(*), count(DISTINCT temperature) FROM telemetry") == expected)
    }

    @Test("a server that is not there is one sentence without the password, and no obstacle")
    func absent() async throws {
        let port = try freePort()
        let folder = LakeFixture.newFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let fixture = try LakeFixture(folder: folder) {
            $0.catalog = .postgres(connection: "postgresql://rembus:s3cret@127.0.0.1:\(port)/lake")
        }
        let message = try #require(fixture.lake.absence)
        #expect(message.hasPrefix("cannot open ducklake:postgres:postgresql://rembus:***@127.0.0.1:\(port)/lake: "))
        #expect(!message.contains("s3cret"))
        for method in ["query_telemetry", "upsert_telemetry", "delete_telemetry"] {
            let service = try #require(fixture.lake.services[method])
            let error = await #expect(throws: LakeError.self) { try await service([["dn": "x"]]) }
            #expect(error?.kind == .away)
        }
        #expect(fixture.lake.metrics.lastFailure != nil)
        await fixture.lake.stop()
    }
}
