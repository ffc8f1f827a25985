import Foundation
import RembusLake
import RembusStore
import RembusTables
import RembusWire
import Testing

/// Few files, few snapshots, nothing past its time (known-defects.md R26).
@Suite struct MaintenanceTests {
    @Test("files and snapshots stay few while batch follows batch")
    func soak() async throws {
        let fixture = try LakeFixture(RowTests.keyed) {
            $0.interval = .milliseconds(5)
            $0.inliningLimit = 5
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(300)
            $0.maintenance.flushRounds = 1
            $0.maintenance.mergeFiles = 4
            $0.maintenance.rewriteThreshold = 0.1
            $0.maintenance.snapshotRetention = .milliseconds(500)
            $0.maintenance.fileGrace = .milliseconds(100)
        }
        defer { fixture.removeFolder() }
        let journal = fixture.journal
        var most = 0
        for batch in 0..<120 {
            // Files, and rows that stay inside the catalog.
            for number in 0..<(batch % 3 == 0 ? 3 : 20) {
                journal.publish("kv", [["k": .text("k\(number)"), "v": .integer(Int64(batch))]])
            }
            try await fixture.drain()
            most = max(most, Self.files(in: fixture.folder))
        }
        journal.publish("kv", [["k": "last", "v": 1]])
        try await fixture.drain()
        for _ in 0..<600 where Self.files(in: fixture.folder) > 40 { try await Task.sleep(for: .milliseconds(100)) }
        let metrics = fixture.lake.metrics
        #expect(metrics.maintenanceRounds >= 3)
        for kind in ["flush", "merge", "rewrite", "expire", "cleanup"] {
            #expect(metrics.steps[kind]?.count ?? 0 > 0, "\(kind)")
            #expect(metrics.steps[kind]?.failures == 0, "\(kind)")
        }
        // What was merged is not kept in memory.
        #expect(metrics.memory["external_file_cache"] == nil, "\(metrics.memory)")
        #expect(metrics.memory["base_table"] ?? 0 > 0)
        let files = Self.files(in: fixture.folder)
        #expect(files <= 40, "at most \(most) during the test")
        #expect((1..<120).contains(metrics.snapshots))
        #expect(try await fixture.rows("SELECT count(*), max(v) FROM kv") == [[21, 119]])
        #expect(try await fixture.rows("SELECT count(*) = count(DISTINCT recv) FROM message") == [[true]])
    }

    @Test("publications past their age or size go, others stay")
    func retention() async throws {
        let now = UInt64(Date().timeIntervalSince1970) * 1_000_000_000
        let journal = TestJournal(start: now - 3 * 86400 * 1_000_000_000)
        let patterns = try ["keep/**", "big/**,size=10kB", "all,age=2d"].map { try RecordPattern(parsing: $0) }
        let fixture = try LakeFixture(journal: journal) {
            $0.interval = .milliseconds(10)
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .milliseconds(50)
            $0.maintenance.retentionRounds = 1
            // The patterns' order counts.
            $0.policy = RecordPolicy(patterns)
        }
        defer { fixture.removeFolder() }
        func publishAll(_ from: Int) {
            for number in from..<from + 10 {
                journal.publish("keep/\(number)", ["x"], publisher: "node")
                journal.publish("old/\(number)", ["x"], publisher: "node")
                journal.publish("big/\(number)", [.text(String(repeating: "b", count: 3000))])
            }
        }
        publishAll(0)
        journal.skip(nanoseconds: 3 * 86400 * 1_000_000_000 - 60_000_000_000)
        publishAll(10)
        try await fixture.drain()
        // Three steps a time, the first of which may have begun before the last publication.
        let before = fixture.lake.metrics.steps["retention"]?.count ?? 0
        for _ in 0..<1200 {
            if fixture.lake.metrics.steps["retention"]?.count ?? 0 >= before + 6 { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let left = try await fixture.rows(
            "SELECT split_part(topic, '/', 1), count(*) FROM message GROUP BY 1 ORDER BY 1")
        // The size is exact to some seconds: the newer ones of `big` are of the same ones.
        #expect(left.first { $0[0] == "keep" }?[1] == 20)
        #expect(left.first { $0[0] == "old" }?[1] == 10)
        #expect(left.first { $0[0] == "big" }?[1] == 10)
        #expect(fixture.lake.metrics.expired == 20)
        #expect(try await fixture.rows("SELECT count(*) FROM message_source") == [[30]])
    }

    @Test("a quiet lake keeps to the age too, and says how far back publications are there")
    func quiet() async throws {
        let now = UInt64(Date().timeIntervalSince1970) * 1_000_000_000
        let journal = TestJournal(start: now - 2_000_000_000)
        let patterns = [try RecordPattern(parsing: "t/**,age=4s")]
        let fixture = try LakeFixture(journal: journal) {
            $0.maintenance.isEnabled = true
            $0.maintenance.interval = .seconds(3600)
            $0.policy = RecordPolicy(patterns)
        }
        defer { fixture.removeFolder() }
        journal.publish("t/1", ["x"])
        try await fixture.drain()
        let archive = fixture.lake.archive
        for _ in 0..<600 {
            let page = await withCheckedContinuation { continuation in
                archive.fetch(partition: 0, after: 1, before: .max >> 1, topics: nil, maxBytes: 1000) {
                    continuation.resume(returning: $0)
                }
            }
            if page.isEmpty { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(fixture.lake.metrics.maintenanceRounds == 0)
        #expect(try await fixture.rows("SELECT count(*) FROM message") == [[0]])
        let pattern = try #require(fixture.lake.retention.pattern(for: "t/1"))
        #expect(fixture.lake.retention.oldest(pattern, now: now) == now - 4_000_000_000)
        #expect(fixture.lake.retention.pattern(for: "other") == nil)
    }

    /// Data files on the disk, also those that only old snapshots have.
    private static func files(in folder: String) -> Int {
        let all = FileManager.default.enumerator(atPath: "\(folder)/bro")?.allObjects as? [String]
        return all?.filter { $0.hasSuffix(".parquet") }.count ?? 0
    }
}
