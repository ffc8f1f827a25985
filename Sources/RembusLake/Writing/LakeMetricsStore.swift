import RembusTables
import Synchronization

/// The counts of the lake. The writer's thread changes them, and other threads read them.
final class LakeMetricsStore: Sendable {
    private let state = Mutex(LakeMetrics())

    var metrics: LakeMetrics { state.withLock { $0 } }

    var isFailing: Bool { state.withLock { $0.lastFailure != nil } }

    func update(_ body: (inout LakeMetrics) -> Void) {
        state.withLock { body(&$0) }
    }

    func committed(_ batch: Batch, frameRows: [Int: Int], schema: StoreSchema, time: Duration) {
        state.withLock { metrics in
            metrics.messages += UInt64(batch.messages.rowCount)
            for (index, table) in batch.tables.enumerated() where !table.isEmpty {
                let count = UInt64(table.rowCount + (frameRows[index] ?? 0))
                metrics.rows[schema.tables[index].name, default: 0] += count
            }
            for (index, table) in batch.tables.enumerated() {
                let count = table.unknownFields.publications + table.unknownFrameFields.publications
                if count > 0 { metrics.unknownFields[schema.tables[index].name, default: 0] += UInt64(count) }
            }
            for (kind, count) in batch.rejections.counts {
                let key = LakeMetrics.Rejected(table: schema.tables[kind.table].name, reason: kind.code.rawValue)
                metrics.rejected[key, default: 0] += UInt64(count)
            }
            metrics.commits += 1
            metrics.commitTime += time
            metrics.longestCommitTime = max(metrics.longestCommitTime, time)
            metrics.lastFailure = nil
        }
    }

    /// Ends the state of failure.
    func recovered() {
        state.withLock { $0.lastFailure = nil }
    }

    func failed(_ error: LakeError) {
        state.withLock { metrics in
            metrics.failures += 1
            metrics.lastFailure = error.message
        }
    }
}
