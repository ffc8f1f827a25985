import RembusLake
import Testing

/// Rights in the catalog (storage.md §5).
@Suite struct TrustProjectionTests {
    private static let trust = ProjectedTrust(
        administrators: ["it's", "root"], readOnly: ["r"], privateTopics: ["a/*", "a/b", "alone"],
        grants: [
            ProjectedTrust.Grant(name: "x", topic: "a/*", actions: [], isComplete: true),
            ProjectedTrust.Grant(name: "x", topic: "a/b", actions: [], isComplete: true),
            ProjectedTrust.Grant(name: "y", topic: "a/b", actions: ["call", "publish"], isComplete: false),
        ],
        tenants: [(".", "hash"), ("acme", "hash2")])

    private func wait(_ lake: Lake, until isDone: (Lake.StoredState) -> Bool) async throws {
        for _ in 0..<6000 {
            if isDone(try lake.storedState()) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("the rights did not come")
    }

    @Test func copies() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        #expect(try fixture.lake.storedState().projected == nil)
        fixture.lake.projectTrust(ProjectedTrust())
        fixture.lake.projectTrust(Self.trust)
        try await wait(fixture.lake) { $0.projected != nil }
        var expected = Self.trust
        expected.tenants = []
        let state = try fixture.lake.storedState()
        #expect(state.projected == expected)
        #expect(state.tenants.map(\.secret) == ["hash", "hash2"])
        // What this broker wrote is not news.
        #expect(state.administrators.isEmpty && state.authorizations.isEmpty)
        #expect(
            try await fixture.rows("SELECT name, twin FROM admin ORDER BY 2") == [["bro", "it's"], ["bro", "root"]])
        // The reference has no patterns and no single actions.
        #expect(try await fixture.rows("SELECT name, twin, topic FROM topic_auth") == [["bro", "x", "a/b"]])
    }

    @Test func othersAreKept() async throws {
        let folder = LakeFixture.newFolder()
        let first = try LakeFixture(folder: folder)
        defer { first.removeFolder() }
        first.lake.projectTrust(Self.trust)
        await first.lake.stop()
        try Self.execute(
            """
            INSERT INTO admin VALUES ('bro', 'new'), ('other', 'theirs'); INSERT INTO topic_auth VALUES
            ('bro', 'z', 'a/b'), ('other', 'z', 'b'); UPDATE tenant SET secret = '11223344' WHERE tenant = '.';
            INSERT INTO tenant VALUES ('other', '.', 'theirs')
            """, first.configuration)
        let second = try LakeFixture(folder: folder)
        let state = try second.lake.storedState()
        #expect(state.administrators == ["new"])
        #expect(state.authorizations.map(\.topic) == ["a/b"] && state.authorizations.map(\.name) == ["z"])
        #expect(state.tenants.map(\.secret) == ["11223344", "hash2"])
        // Everything is written anew, the plain pin replaced; another broker's rows stay.
        second.lake.projectTrust(Self.trust)
        await second.lake.stop()
        #expect(
            try LakeFixture.rows("SELECT name, twin FROM admin ORDER BY ALL", second.configuration) == [
                ["bro", "it's"], ["bro", "root"], ["other", "theirs"],
            ])
        #expect(
            try LakeFixture.rows("SELECT name, secret FROM tenant ORDER BY ALL", second.configuration) == [
                ["bro", "hash"], ["bro", "hash2"], ["other", "theirs"],
            ])
    }

    @Test func manyGrants() async throws {
        let fixture = try LakeFixture()
        defer { fixture.removeFolder() }
        var trust = ProjectedTrust()
        trust.grants = (0..<2500).map {
            ProjectedTrust.Grant(name: "c\($0)", topic: "t", actions: [], isComplete: true)
        }
        fixture.lake.projectTrust(trust)
        try await wait(fixture.lake) { $0.projected?.grants.count == 2500 }
        #expect(try await fixture.rows("SELECT count(*) FROM topic_auth") == [[2500]])
    }

    private static func execute(_ sql: String, _ configuration: LakeConfiguration) throws {
        let connection = try Database().connect()
        try connection.load(extension: "ducklake")
        try connection.execute("ATTACH \(SQL.literal(configuration.catalog.url)) AS rl; USE rl")
        try connection.execute(sql)
    }
}
