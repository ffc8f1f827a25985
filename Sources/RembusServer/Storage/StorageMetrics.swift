import Metrics
import RembusLake
import RembusMetrics
import RembusStore
import RembusTables
import Synchronization

/// Reports the figures of journal and lake to swift-metrics.
final class StorageMetrics: Sendable {
    private let journal: JournalStore
    private let lake: Lake?
    private let tables: FilledTables
    private let factory = MetricsSystem.factory
    private let totals = Mutex<[Series: Double]>([:])

    /// A metric with one label at most.
    private struct Series: Hashable {
        let name: String
        var label = ""
        var value = ""

        var dimensions: [(String, String)] { label.isEmpty ? [] : [(label, value)] }
    }

    init(journal: JournalStore, lake: Lake?, tables: FilledTables) {
        self.journal = journal
        self.lake = lake
        self.tables = tables
    }

    /// Receives the durations of the journal's syncs.
    static func syncTimer() -> @Sendable (UInt64) -> Void {
        let timer = MetricsSystem.factory.makeTimer(label: syncTime, dimensions: [])
        return { timer.recordNanoseconds(Int64(clamping: $0)) }
    }

    /// Receives the durations of the lake's batches.
    static func commitTimer() -> @Sendable (Duration) -> Void {
        let timer = MetricsSystem.factory.makeTimer(label: lakeCommitTime, dimensions: [])
        return { timer.recordNanoseconds(Int64($0 / .nanoseconds(1))) }
    }

    /// On any thread but an event loop's, because it waits for locks of the storage.
    func report() {
        totals.withLock { totals in
            report(journal.metrics, &totals)
            if let lake { report(lake.metrics, &totals) }
            for (table, number) in tables.shed {
                count(Series(name: Self.tableShed, label: "table", value: table), number, &totals)
            }
        }
    }

    private func report(_ metrics: JournalMetrics, _ totals: inout [Series: Double]) {
        count(Series(name: Self.appended), metrics.appendedRecords, &totals)
        count(Series(name: Self.appendedBytes), metrics.appendedBytes, &totals)
        count(Series(name: Self.writtenBytes), metrics.writtenBytes, &totals)
        count(Series(name: Self.shed, label: "reason", value: "pressure"), metrics.shedByPressure, &totals)
        count(Series(name: Self.shed, label: "reason", value: "failure"), metrics.shedByFailure, &totals)
        count(Series(name: Self.failures), metrics.failures, &totals)
        count(Series(name: Self.damagedBytes), metrics.damagedBytes, &totals)
        gauge(Series(name: Self.lagBytes), Double(metrics.unwrittenBytes))
        gauge(Series(name: Self.waitingCommits), Double(metrics.waitingCommits))
        gauge(Series(name: Self.segments), Double(metrics.segments))
        gauge(Series(name: Self.segmentBytes), Double(metrics.segmentBytes))
        gauge(Series(name: Self.unarchivedBytes), Double(metrics.unarchivedBytes))
        gauge(Series(name: Self.works), metrics.failure == nil ? 1 : 0)
    }

    private func report(_ metrics: LakeMetrics, _ totals: inout [Series: Double]) {
        count(Series(name: Self.lakeMessages), metrics.messages, &totals)
        for (table, rows) in metrics.rows {
            count(Series(name: Self.lakeRows, label: "table", value: table), rows, &totals)
        }
        var rejected: [String: UInt64] = [:]
        for (kind, count) in metrics.rejected { rejected[kind.table, default: 0] += count }
        for (table, number) in rejected {
            count(Series(name: Self.lakeRejected, label: "table", value: table), number, &totals)
        }
        for (table, number) in metrics.unknownFields {
            count(Series(name: Self.lakeUnknownFields, label: "table", value: table), number, &totals)
        }
        count(Series(name: Self.lakeFailures), metrics.failures, &totals)
        count(Series(name: Self.lakeMaintenance), metrics.maintenanceRounds, &totals)
        for (kind, step) in metrics.steps {
            count(Series(name: Self.lakeMaintenanceFailures, label: "step", value: kind), step.failures, &totals)
        }
        gauge(Series(name: Self.lakeMaintenanceWorks), metrics.isMaintenanceFailing ? 0 : 1)
        gauge(Series(name: Self.lakeLag), Double(metrics.lagBytes))
        gauge(Series(name: Self.lakeSnapshots), Double(metrics.snapshots))
        gauge(Series(name: Self.lakeWorks), metrics.lastFailure == nil ? 1 : 0)
        gauge(Series(name: Self.lakeMemory), Double(metrics.memory.values.reduce(0, +)))
        let queries = metrics.queries
        gauge(Series(name: Self.lakeQueries, label: "state", value: "running"), Double(queries.running))
        gauge(Series(name: Self.lakeQueries, label: "state", value: "waiting"), Double(queries.waiting))
        gauge(Series(name: Self.lakeLostThreads), Double(queries.lostThreads))
        for (reason, number) in [
            ("late", queries.late), ("memory", queries.stoppedForMemory), ("cancelled", queries.cancelled),
        ] {
            count(Series(name: Self.lakeQueriesEnded, label: "reason", value: reason), number, &totals)
        }
        for (table, files) in metrics.files {
            gauge(Series(name: Self.lakeFiles, label: "table", value: table), Double(files.count))
            gauge(Series(name: Self.lakeFileBytes, label: "table", value: table), Double(files.bytes))
        }
    }

    // MARK: Values

    /// Increases a counter by the growth of its total.
    private func count(_ series: Series, _ total: UInt64, _ totals: inout [Series: Double]) {
        let growth = Double(total) - totals[series, default: 0]
        totals[series] = Double(total)
        factory.makeCounter(label: series.name, dimensions: series.dimensions)
            .increment(by: Int64(growth))
    }

    private func gauge(_ series: Series, _ value: Double) {
        factory.makeMeter(label: series.name, dimensions: series.dimensions).set(value)
    }
}
