import Foundation
import RembusBroker
import RembusLake
import RembusStore
import RembusTables

extension StorageFigures {
    /// The counts of journal and lake, for the status.
    init(_ journal: JournalStore, _ lake: Lake?, _ tables: FilledTables) {
        self.init()
        self.journal = BrokerStatus.Journal(journal.metrics)
        self.lake = lake.map { BrokerStatus.Lake($0.metrics) }
        shed = Dictionary(tables.shed.filter { $0.count > 0 }.map { ($0.table, $0.count) }) { $0 + $1 }
    }
}

extension BrokerStatus.Journal {
    fileprivate init(_ metrics: JournalMetrics) {
        self.init()
        (appended, writtenBytes, syncs) = (metrics.appendedRecords, metrics.writtenBytes, metrics.syncs)
        unwrittenBytes = metrics.unwrittenBytes
        (shedByPressure, shedByFailure) = (metrics.shedByPressure, metrics.shedByFailure)
        failure = metrics.failure
        (files, fileBytes) = (metrics.segments, metrics.segmentBytes)
        (removedFiles, removedBytes) = (metrics.removedSegments, metrics.removedBytes)
    }
}

extension BrokerStatus.Lake {
    fileprivate init(_ metrics: LakeMetrics) {
        self.init()
        (messages, rows, expired) = (metrics.messages, metrics.rows, metrics.expired)
        for (kind, count) in metrics.rejected { rejected[kind.table, default: 0] += count }
        (commits, commitSeconds) = (metrics.commits, metrics.commitTime / .seconds(1))
        (failure, lagBytes) = (metrics.lastFailure, metrics.lagBytes)
        for table in metrics.files.values {
            files += table.count
            fileBytes += table.bytes
        }
        lastMaintenance = metrics.lastMaintenance.map { Date(timeIntervalSince1970: Double($0) / 1e9) }
        maintenance = metrics.steps.mapValues { step in
            var work = Step()
            (work.count, work.failures, work.seconds) = (step.count, step.failures, step.time / .seconds(1))
            return work
        }
    }
}
