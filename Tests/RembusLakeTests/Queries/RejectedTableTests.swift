import DataFrames
import Foundation
import RembusLake
import RembusStore
import RembusTables
import RembusWire
import Testing

/// The method `query_rejected`.
@Suite struct RejectedTableTests {
    private func frame(_ fixture: LakeFixture, tenant: String, _ options: Value) async throws -> DataFrame {
        let answer = try await fixture.lake.queryRejected([options], tenant: tenant)
        guard case .tagged(_, .bytes(let stream)) = answer else { throw LakeError(.other, "no frame: \(answer)") }
        return try DataFrame(arrow: stream)
    }

    private func texts(_ name: String, _ frame: DataFrame) -> [String] {
        (0..<frame.rowCount).map { row in
            guard case .text(let text)? = frame.row(at: row)[name] else { return "-" }
            return text
        }
    }

    private func topics(_ fixture: LakeFixture, tenant: String, _ options: Value = [:]) async throws -> [String] {
        texts("topic", try await frame(fixture, tenant: tenant, options))
    }

    @Test("an administrator sees what did not fit, with table and reason")
    func rejected() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        fixture.journal.publish("u1/telemetry", [["tempp": 1]])
        fixture.journal.publish("u2/telemetry", [["temperature": 1]])
        fixture.journal.publish("a/b/c/sensor", [1])
        let frame = try await frame(fixture, tenant: ".", ["order": "recv"])
        #expect(frame.columnNames == ["recv", "table_name", "topic", "reason", "data", "tenant"])
        #expect(texts("table_name", frame) == ["telemetry", "sensor"])
        #expect(texts("topic", frame) == ["u1/telemetry", "a/b/c/sensor"])
        #expect(texts("tenant", frame) == [".", "."])
        #expect(texts("reason", frame).first?.hasPrefix("unknown_columns: No field of the payload ") == true)
        #expect(try await topics(fixture, tenant: ".", ["where": "table_name = 'sensor'"]) == ["a/b/c/sensor"])
        await #expect(throws: LakeError.self) {
            try await topics(fixture, tenant: ".", ["where": "name = 'other'"])
        }
        await fixture.lake.stop()
    }

    @Test("where tables belong to tenants, everybody sees those of the own tenant")
    func tenants() async throws {
        let schema = LakeFixture.sensors.replacing(
            #""topic": ":dn/telemetry","#, with: #""topic": ":dn/telemetry", "tenant": "*","#)
        let fixture = try LakeFixture(schema) { $0.tableTenant = .default }
        defer { fixture.removeFolder() }
        fixture.journal.publish("mine/telemetry", [["x": 1]])
        fixture.journal.publish("theirs/telemetry", [["x": 1]], publisher: "a.acme", tenant: "acme")
        #expect(try await topics(fixture, tenant: ".") == ["mine/telemetry"])
        #expect(try await topics(fixture, tenant: "acme") == ["theirs/telemetry"])
        #expect(try await topics(fixture, tenant: "corp").isEmpty)
        await fixture.lake.stop()
    }

    @Test("the table of an earlier version gets the columns that it lacks")
    func earlierVersion() async throws {
        let first = try LakeFixture()
        defer { first.removeFolder() }
        first.journal.publish("old/telemetry", [["x": 1]])
        try await first.drain()
        await first.lake.stop()
        let connection = try Database().connect()
        try connection.load(extension: "ducklake")
        try connection.execute(
            """
            ATTACH \(SQL.literal(first.configuration.catalog.url)) AS rl; USE rl;
            ALTER TABLE rejected DROP COLUMN tenant; ALTER TABLE rejected DROP COLUMN table_name
            """)
        try connection.execute("USE memory; DETACH rl")
        let second = try LakeFixture(folder: first.folder, journal: first.journal)
        second.journal.publish("new/telemetry", [["x": 1]])
        #expect(try await topics(second, tenant: ".", ["order": "recv"]) == ["old/telemetry", "new/telemetry"])
        await second.lake.stop()
    }
}
