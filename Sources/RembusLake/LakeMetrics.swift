/// The counts since the start, and the current state of the lake.
package struct LakeMetrics: Sendable {
    /// Publications written to the `message` table.
    package var messages: UInt64 = 0
    /// Rows written, by table, including those of dataframes. Rows of a keyed table count even if they replace others.
    package var rows: [String: UInt64] = [:]
    /// Publications that did not fit, by table and reason.
    package var rejected: [Rejected: UInt64] = [:]
    /// Publications that were stored without fields for which there are no columns, by table.
    package var unknownFields: [String: UInt64] = [:]
    /// Batches written, and the time that they took.
    package var commits: UInt64 = 0
    package var commitTime = Duration.zero
    package var longestCommitTime = Duration.zero
    /// Failed attempts to write, and the reason of the last one; nil while the lake works.
    package var failures: UInt64 = 0
    package var lastFailure: String?
    /// Bytes in the journal that are not in the lake yet.
    package var lagBytes: UInt64 = 0
    /// Data files and their bytes by table, as of the last maintenance.
    package var files: [String: Files] = [:]
    /// Snapshots, as of the last maintenance.
    package var snapshots: UInt64 = 0
    /// Rows inside the catalog by table, as of the last maintenance. Only rows of this process count.
    package var inlinedRows: [String: UInt64] = [:]
    /// The memory of DuckDB in bytes, by purpose, as of the last maintenance.
    package var memory: [String: UInt64] = [:]
    /// Queries of clients.
    package var queries = QueryMetrics()
    /// Publications that were deleted because of their retention.
    package var expired: UInt64 = 0
    /// Rounds of maintenance, the time of the last one, and the time and failures of each kind of step.
    package var maintenanceRounds: UInt64 = 0
    package var lastMaintenance: UInt64?
    package var steps: [String: Step] = [:]
    /// Whether some step of maintenance has failed at its last attempt.
    package var isMaintenanceFailing = false

    /// A table with a reason.
    package struct Rejected: Sendable, Hashable {
        package var table: String
        package var reason: String

        package init(table: String, reason: String) {
            (self.table, self.reason) = (table, reason)
        }
    }

    /// The data files of a table.
    package struct Files: Sendable, Hashable {
        package var count: UInt64
        package var bytes: UInt64
    }

    /// The counts of one kind of maintenance.
    package struct Step: Sendable, Hashable {
        package var count: UInt64 = 0
        package var failures: UInt64 = 0
        package var time = Duration.zero
        package var longest = Duration.zero
    }
}
