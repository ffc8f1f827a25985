import DataFrames
import RembusLake
import RembusWire
import Testing

/// The table services of a whole lake: they read and write what publications write (storage.md §6).
@Suite struct ServiceTests {
    private func frame(_ lake: Lake, _ method: String, _ arguments: [Value] = []) async throws -> DataFrame {
        let service = try #require(lake.services[method])
        guard case .tagged(Value.Tag.dataFrame, .bytes(let bytes)) = try await service(arguments) else {
            throw LakeError(.invalid, "the answer is no dataframe")
        }
        return try DataFrame(arrow: bytes)
    }

    @Test("upserts, queries and deletions between batches")
    func all() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        #expect(
            fixture.lake.services.keys.sorted()
                == ["delete", "query", "upsert"].flatMap { ["\($0)_sensor", "\($0)_telemetry"] })
        fixture.journal.publish("hq/HVAC/u1/sensor")
        fixture.journal.publish("hq/HVAC/u2/sensor")
        try await fixture.drain()
        let upsert = try #require(fixture.lake.services["upsert_sensor"])
        _ = try await upsert([["site": "lab", "type": "HVAC", "dn": "u2"]])
        _ = try await upsert([
            [["site": "lab", "type": "LIGHT", "dn": "u3"], ["site": "lab", "type": "LIGHT", "dn": "u4"]]
        ])
        fixture.journal.publish("hq/LIGHT/u3/sensor")
        try await fixture.drain()
        let rows = try await frame(fixture.lake, "query_sensor", [["where": "type = 'LIGHT'"]])
        #expect(Set(try rows.column("dn").values(as: String.self).compactMap { $0 }) == ["u3", "u4"])
        let delete = try #require(fixture.lake.services["delete_sensor"])
        _ = try await delete([["where": "dn = 'u4'"]])
        let left = try await frame(fixture.lake, "query_sensor", [["cols": "dn, site"]])
        let pairs = zip(try left.column("dn").values(as: String.self), try left.column("site").values(as: String.self))
        #expect(
            Dictionary(uniqueKeysWithValues: pairs.map { ($0 ?? "", $1 ?? "") }) == [
                "u1": "hq", "u2": "lab", "u3": "hq",
            ])
        await #expect(throws: LakeError.self) {
            try await frame(fixture.lake, "query_sensor", [["where": "dn IN (SELECT topic FROM message)"]])
        }
        await fixture.lake.stop()
        await #expect(throws: LakeError.self) { try await frame(fixture.lake, "query_sensor") }
    }
}
