import Foundation
import RembusLake
import RembusStore
import RembusTables
import RembusWire

/// The answer of the method `storage_status`: counts of journal and lake since the start of the broker.
enum StorageStatus {
    static let topic = "storage_status"

    /// - Parameter visible: The tables that the caller may see.
    static func value(
        _ journal: JournalMetrics, _ lake: LakeMetrics?, _ tables: FilledTables, _ visible: VisibleTables
    ) -> Value {
        let shed = Dictionary(tables.shed.filter { $0.count > 0 }.map { ($0.table, $0.count) }) { $0 + $1 }
        var status: ValueMap = ["journal": .map(map(journal)), "shed_by_table": counts(visible.visible(shed))]
        if let lake { status["lake"] = .map(map(visible.visible(lake))) }
        return .map(status)
    }

    private static func map(_ metrics: JournalMetrics) -> ValueMap {
        [
            "appended": number(metrics.appendedRecords), "appended_bytes": number(metrics.appendedBytes),
            "written_bytes": number(metrics.writtenBytes), "syncs": number(metrics.syncs),
            "unwritten_bytes": number(metrics.unwrittenBytes),
            "shed": .map([
                "pressure": number(metrics.shedByPressure), "failure": number(metrics.shedByFailure),
            ]),
            "failure": metrics.failure.map { .text($0) } ?? .null, "failures": number(metrics.failures),
            "segments": .integer(Int64(metrics.segments)), "segment_bytes": number(metrics.segmentBytes),
            "damaged_bytes": number(metrics.damagedBytes),
        ]
    }

    private static func map(_ metrics: LakeMetrics) -> ValueMap {
        [
            "messages_written": number(metrics.messages), "rows_written": counts(metrics.rows),
            "rejected": .array(
                metrics.rejected.sorted { ($0.key.table, $0.key.reason) < ($1.key.table, $1.key.reason) }.map {
                    .map([
                        "table": .text($0.key.table), "reason": .text($0.key.reason), "count": number($0.value),
                    ])
                }),
            "unknown_fields": counts(metrics.unknownFields),
            "commits": number(metrics.commits), "commit_seconds": seconds(metrics.commitTime),
            "longest_commit_seconds": seconds(metrics.longestCommitTime), "failures": number(metrics.failures),
            "last_failure": metrics.lastFailure.map { .text($0) } ?? .null, "lag_bytes": number(metrics.lagBytes),
            "files": counts(metrics.files.mapValues(\.count)), "file_bytes": counts(metrics.files.mapValues(\.bytes)),
            "snapshots": number(metrics.snapshots), "inlined_rows": counts(metrics.inlinedRows),
            "memory_bytes": counts(metrics.memory),
            "queries": .map([
                "running": .integer(Int64(metrics.queries.running)),
                "waiting": .integer(Int64(metrics.queries.waiting)),
                "threads": .integer(Int64(metrics.queries.threads)),
                "lost_threads": .integer(Int64(metrics.queries.lostThreads)),
                "late": number(metrics.queries.late),
                "stopped_for_memory": number(metrics.queries.stoppedForMemory),
                "cancelled": number(metrics.queries.cancelled),
            ]),
            "maintenance": .map([
                "rounds": number(metrics.maintenanceRounds),
                "last": metrics.lastMaintenance.map(number) ?? .null,
                "steps": .map(
                    ValueMap(
                        uniqueKeysWithValues: metrics.steps.sorted { $0.key < $1.key }.map { name, step in
                            (
                                name,
                                .map([
                                    "count": number(step.count), "failures": number(step.failures),
                                    "seconds": seconds(step.time), "longest_seconds": seconds(step.longest),
                                ])
                            )
                        })),
            ]),
        ]
    }

    private static func number(_ value: UInt64) -> Value {
        Int64(exactly: value).map(Value.integer) ?? .unsigned(value)
    }

    private static func seconds(_ duration: Duration) -> Value { .float(duration / .seconds(1)) }

    private static func counts(_ values: [String: UInt64]) -> Value {
        .map(ValueMap(uniqueKeysWithValues: values.sorted { $0.key < $1.key }.map { ($0.key, number($0.value)) }))
    }
}
