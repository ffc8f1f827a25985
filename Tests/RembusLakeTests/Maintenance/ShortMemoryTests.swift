import Foundation
import Logging
import RembusStore
import RembusTables
import TestSupport
import Testing

@testable import RembusLake

/// Maintenance where DuckDB has little memory: it goes on in smaller pieces, and what fails is left alone for a while.
@Suite struct ShortMemoryTests {
    private let folder = LakeFixture.newFolder()
    private let logger = Logger(label: "lake") { _ in SwiftLogNoOpLogHandler() }

    @Test("files of large rows are merged in smaller pieces when memory is short", .timeLimit(.minutes(3)))
    func merge() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = LakeConfiguration(directory: folder, name: "bro")
        configuration.memoryLimit = 64 << 20
        configuration.inliningLimit = 0
        configuration.maintenance.interval = .zero
        configuration.maintenance.snapshotRetention = .zero
        let catalog = try Catalog(configuration, schema: StoreSchema(), logger: logger)
        defer { catalog.close() }
        let connection = try catalog.connect()
        // More of one row group than may be in memory.
        for batch in 0..<36 {
            try connection.execute(
                """
                INSERT INTO message SELECT 'bro', \(batch * 1000) + range, 0, 0, 0, 't', encode(array_to_string(
                    list_transform(range(60), x -> md5((range * 7919 + x * 104729 + \(batch))::VARCHAR)), ''))
                FROM range(1000)
                """)
        }
        let before = try connection.dataFiles()["message"]?.count ?? 0
        let metricsStore = LakeMetricsStore()
        var maintenance = Maintenance(configuration, schema: StoreSchema(), ownFolder: nil)
        for _ in 0..<3 {
            maintenance.wrote(nil)
            maintenance.begin()
            while maintenance.step(connection, metricsStore: metricsStore, logger: logger) {}
        }
        let metrics = metricsStore.metrics
        #expect(metrics.steps["merge"]?.failures == 0)
        #expect(!metrics.isMaintenanceFailing)
        let after = metrics.files["message"]?.count ?? 0
        // How far they are merged is up to what fits; larger pieces come back later.
        #expect(before == 36 && after < before, "\(before) files became \(after)")
        #expect(try connection.query("SELECT count(*), count(DISTINCT recv) FROM message").rows.first?[1] == 36_000)
        // What was used for it is not left in the catalog for others.
        let options = try connection.query(
            "SELECT value FROM ducklake_options('rl') WHERE option_name = 'parquet_row_group_size' AND scope = 'TABLE'")
        #expect(options.rows.allSatisfy { $0[0] == "122880" })
    }

    @Test("pieces get smaller step by step, and larger again after a while")
    func sizes() {
        var sizes = WorkingSizes()
        #expect(sizes.pieces(of: "t") == nil)
        var levels: [WorkingSizes.Pieces?] = []
        while sizes.tighten("t") { levels.append(sizes.pieces(of: "t")) }
        #expect(levels == WorkingSizes.smaller)
        #expect(sizes.pieces(of: "other") == nil)
        for _ in 0..<WorkingSizes.stepsBeforeLarger { sizes.succeeded("t") }
        #expect(sizes.pieces(of: "t") == WorkingSizes.smaller[1])
        for _ in 0..<2 * WorkingSizes.stepsBeforeLarger { sizes.succeeded("t") }
        #expect(sizes.pieces(of: "t") == nil)
    }

    @Test("a step that fails pauses longer and longer, alone")
    func backOff() {
        var failures = StepFailures()
        let step = Maintenance.Step(kind: "merge", table: "t") { _, _ throws(LakeError) in }
        let other = Maintenance.Step(kind: "merge", table: "u") { _, _ throws(LakeError) in }
        var tried: [Int] = []
        for round in 0..<100 where failures.isDue(step.name, round: round) {
            tried.append(round)
            failures.failed(step, LakeError(.io, "the disk is full"), round: round, logger)
        }
        #expect(tried == [0, 1, 3, 7, 15, 31, 63, 95])
        #expect(failures.isDue(other.name, round: 0) && !failures.isEmpty)
        failures.succeeded(step, logger)
        #expect(failures.isEmpty && failures.isDue(step.name, round: 0))
    }

    @Test("a line that says the same again is left out for a while, and counted")
    func repeatedLines() {
        var line = RepeatedLine()
        let log = LogRecorder(.trace)
        let logger = log.logger
        let start = ContinuousClock.now
        for attempt in 0..<10 {
            line.log(logger, .error, "it fails", about: "a reason", now: start + .seconds(attempt))
        }
        #expect(log.entries.count == 1)
        line.log(logger, .error, "it fails", about: "another reason", now: start + .seconds(10))
        #expect(log.entries.count == 2)
        line.log(logger, .error, "it fails", about: "another reason", now: start + RepeatedLine.interval + .seconds(11))
        #expect(log.entries.count == 3)
    }
}
