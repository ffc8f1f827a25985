import RembusMetrics

/// The names and meanings of the storage's metrics. `docs/metrics.md` has the same table.
extension StorageMetrics {
    static let appended = "rembus_journal_appended_total"
    static let appendedBytes = "rembus_journal_appended_bytes_total"
    static let writtenBytes = "rembus_journal_written_bytes_total"
    static let syncTime = "rembus_journal_sync_seconds"
    static let lagBytes = "rembus_journal_lag_bytes"
    static let waitingCommits = "rembus_journal_waiting_commits"
    static let segments = "rembus_journal_segments"
    static let segmentBytes = "rembus_journal_segment_bytes"
    static let unarchivedBytes = "rembus_journal_unarchived_bytes"
    static let shed = "rembus_journal_shed_total"
    static let failures = "rembus_journal_failures_total"
    static let damagedBytes = "rembus_journal_damaged_bytes_total"
    static let works = "rembus_journal_up"
    static let lakeMessages = "rembus_lake_messages_total"
    static let lakeRows = "rembus_lake_rows_total"
    static let lakeRejected = "rembus_lake_rejected_total"
    static let lakeUnknownFields = "rembus_lake_unknown_fields_total"
    static let tableShed = "rembus_table_shed_total"
    static let lakeCommitTime = "rembus_lake_commit_seconds"
    static let lakeLag = "rembus_lake_lag_bytes"
    static let lakeFailures = "rembus_lake_failures_total"
    static let lakeFiles = "rembus_lake_files"
    static let lakeFileBytes = "rembus_lake_file_bytes"
    static let lakeSnapshots = "rembus_lake_snapshots"
    static let lakeMemory = "rembus_lake_memory_bytes"
    static let lakeQueries = "rembus_lake_queries"
    static let lakeLostThreads = "rembus_lake_query_threads_lost"
    static let lakeQueriesEnded = "rembus_lake_queries_stopped_total"
    static let lakeMaintenance = "rembus_lake_maintenance_rounds_total"
    static let lakeMaintenanceFailures = "rembus_lake_maintenance_failures_total"
    static let lakeMaintenanceWorks = "rembus_lake_maintenance_up"
    static let lakeWorks = "rembus_lake_up"

    /// From a tenth of a millisecond, as on a fast disk, to seconds, which mean trouble.
    private static let syncBuckets = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
    ]

    /// From a few rows in a local catalog to a large batch in a remote object store.
    private static let commitBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    static let descriptions: [MetricDescription] = [
        MetricDescription(appended, .counter, "Publications that the journal took."),
        MetricDescription(appendedBytes, .counter, "Bytes of log that the journal took."),
        MetricDescription(writtenBytes, .counter, "Bytes of log handed to the operating system."),
        MetricDescription(
            syncTime, .histogram, "Seconds that the disk took to confirm a commit of the journal.", buckets: syncBuckets
        ),
        MetricDescription(lagBytes, .gauge, "Bytes that were received and are not written to the journal's files yet."),
        MetricDescription(waitingCommits, .gauge, "Groups of acknowledgements that wait for the disk."),
        MetricDescription(segments, .gauge, "Files of the journal."),
        MetricDescription(segmentBytes, .gauge, "Bytes of the journal's files."),
        MetricDescription(unarchivedBytes, .gauge, "Bytes of the journal's files that the tables do not have yet."),
        MetricDescription(shed, .counter, "Publications that were not stored, by reason."),
        MetricDescription(failures, .counter, "Failed attempts to write the journal."),
        MetricDescription(damagedBytes, .counter, "Bytes of damaged records found in the journal."),
        MetricDescription(works, .gauge, "1 while the journal can be written, 0 when its last attempt failed."),
        MetricDescription(
            lakeMessages, .counter, "Publications written to the table of all messages since the broker started."),
        MetricDescription(lakeRows, .counter, "Rows written since the broker started, by table."),
        MetricDescription(lakeRejected, .counter, "Publications that did not fit their table, by table."),
        MetricDescription(
            lakeUnknownFields, .counter,
            "Publications that were stored without fields which are no columns of their table, by table."),
        MetricDescription(
            tableShed, .counter, "Publications that fill a table and were lost before the journal had them, by table."),
        MetricDescription(
            lakeCommitTime, .histogram, "Seconds that a batch took to be written to the tables.", buckets: commitBuckets
        ),
        MetricDescription(lakeLag, .gauge, "Bytes in the journal that are not in the tables yet."),
        MetricDescription(lakeFailures, .counter, "Failed attempts to write to the tables."),
        MetricDescription(lakeFiles, .gauge, "Data files by table, as of the last maintenance."),
        MetricDescription(lakeFileBytes, .gauge, "Bytes of data files by table, as of the last maintenance."),
        MetricDescription(lakeSnapshots, .gauge, "Snapshots of the tables, as of the last maintenance."),
        MetricDescription(lakeMemory, .gauge, "Bytes of memory that DuckDB uses, as of the last maintenance."),
        MetricDescription(lakeQueries, .gauge, "Queries of clients that run, and that wait for a thread, by state."),
        MetricDescription(
            lakeLostThreads, .gauge,
            "Threads that still work on a query whose time is over, because DuckDB cannot interrupt it."),
        MetricDescription(
            lakeQueriesEnded, .counter,
            "Queries that were ended from outside, by reason: late, memory, cancelled (their client is gone)."),
        MetricDescription(lakeMaintenance, .counter, "Rounds of maintenance of the tables."),
        MetricDescription(
            lakeMaintenanceFailures, .counter, "Steps of maintenance of the tables that failed, by step."),
        MetricDescription(
            lakeMaintenanceWorks, .gauge,
            "1 while maintenance of the tables works, 0 when some step failed when last tried."
        ),
        MetricDescription(
            lakeWorks, .gauge,
            "1 while the tables can be written, 0 when the last attempt failed or their catalog cannot be reached."),
    ]
}
