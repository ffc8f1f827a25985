import DataFrames
import RembusLake
import RembusStore
import RembusTables
import RembusWire
import Testing

/// Tables of one tenant: whose publications fill them, and whose they are.
@Suite struct LakeTenantTests {
    private static let schema = """
        {"tables": [
          {"table": "own", "topic": ":dn/t", "columns": [{"col": "dn", "type": "TEXT"}]},
          {"table": "acme", "topic": ":dn/t", "tenant": "acme", "columns": [{"col": "dn", "type": "TEXT"}]},
          {"table": "shared", "topic": ":dn/s", "tenant": "*", "columns": [{"col": "dn", "type": "TEXT"}]}
        ]}
        """

    @Test(arguments: [true, false])
    func publications(isAuthenticated: Bool) async throws {
        let fixture = try LakeFixture(Self.schema) { $0.tableTenant = isAuthenticated ? .default : .all }
        defer { fixture.removeFolder() }
        fixture.journal.publish("none/t")
        fixture.journal.publish("dot/t", tenant: ".")
        fixture.journal.publish("acme/t", tenant: "acme")
        fixture.journal.publish("corp/t", tenant: "corp")
        fixture.journal.publish("acme/s", tenant: "acme")
        fixture.journal.publish("corp/s", tenant: "corp")
        // The same topic by another tenant: what is known of a topic is known of its tenant only.
        fixture.journal.publish("dot/t", tenant: "acme")
        fixture.journal.publish("dot/t", tenant: "corp")
        try await fixture.drain()
        let services = fixture.lake.services
        #expect(services["query_own"]?.tenant == (isAuthenticated ? .default : .all))
        #expect(services["query_acme"]?.tenant == .only(ExactText("acme")) && services["query_shared"]?.tenant == .all)
        let own = try await fixture.rows("SELECT dn FROM own ORDER BY dn")
        let acme = try await fixture.rows("SELECT dn FROM acme ORDER BY dn")
        if isAuthenticated {
            #expect(own == [["dot"], ["none"]] && acme == [["acme"], ["dot"]])
        } else {
            // The first table is everybody's, and takes all.
            #expect(own == [["acme"], ["corp"], ["dot"], ["dot"], ["dot"], ["none"]] && acme.isEmpty)
        }
        #expect(try await fixture.rows("SELECT dn FROM shared ORDER BY dn") == [["acme"], ["corp"]])
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[8]])
    }

    @Test func services() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        let query = try #require(fixture.lake.services["query_sensor"])
        #expect(!query.isWriting && query.topics == ["*/*/*/sensor", "sensor"])
        for name in ["upsert_telemetry", "delete_telemetry"] {
            let service = try #require(fixture.lake.services[name])
            #expect(service.isWriting && service.topics == ["*/telemetry", "telemetry"] && service.tenant == .all)
        }
        await fixture.lake.stop()
    }

    /// known-defects.md S17.
    @Test func errorsTellNothingOfTheInside() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        func refusal(_ method: String, _ argument: Value) async throws -> String {
            let service = try #require(fixture.lake.services[method])
            let error = await #expect(throws: LakeError.self) { try await service([argument]) }
            return error?.message ?? ""
        }
        let texts = [
            try await refusal("query_sensor", ["where": "nothing = 1"]),
            try await refusal("query_sensor", ["where": "abs(dn) = 1"]),
            try await refusal("query_sensor", ["where": "CAST(dn || 'x' AS INTEGER) = 1 AND ("]),
            try await refusal("query_sensor", ["cols": "read_text('/etc/passwd')"]),
            try await refusal("query_sensor", ["when": 1]),
            try await refusal("upsert_sensor", ["dn": "u1"]),
            try await refusal("upsert_telemetry", ["temperature": "warm"]),
        ]
        for text in texts {
            #expect(!text.isEmpty && text.utf8.count < 600)
            for word in ["SELECT", "INSERT", "MERGE", "rl.", "LINE 1", "temp.main", fixture.folder] {
                #expect(!text.contains(word), "\(text)")
            }
        }
        // The table's folder and catalog are gone from under it.
        await fixture.lake.stop()
        let closed = try await refusal("query_sensor", .null)
        #expect(closed == "the tables are closed")
    }
}
