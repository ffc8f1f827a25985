import Logging
import RembusTables

/// The statements that write a batch to the lake. `BatchMachine` decides which of them are run, and when.
///
/// Used on the writer's thread only.
final class BatchCommit {
    /// The broker's name, which is in every row of the system tables.
    let name: String
    let schema: StoreSchema
    let batch: Batch
    let staging: Staging
    let inserts: DirectInserts
    /// The tables whose partition values may not be names of folders, by the table's number.
    let partitionNames: [Int: PartitionNames]
    /// For each partition, the progress of the lake.
    private(set) var committed: [UInt64]
    let logger: Logger

    var connection: DatabaseConnection { staging.connection }
    /// By the table's number in the schema.
    var statements: [TableStatements] { staging.statements }
    /// The tables for which the batch has rows.
    var active: [Int] { batch.tables.indices.filter { !batch.tables[$0].isEmpty } }
    /// The number of rows in the batch's dataframes, by the table's number.
    var frameRows: [Int: Int] { staging.frames.mapValues(\.rowCount) }

    /// Prepares the statements. Blocking.
    /// - Parameter committed: For each partition, the progress of the lake.
    init(
        _ connection: DatabaseConnection, name: String, schema: StoreSchema, batch: Batch, committed: [UInt64],
        logger: Logger
    ) throws(LakeError) {
        self.name = name
        self.schema = schema
        self.batch = batch
        self.committed = committed
        self.logger = logger
        staging = Staging(connection, statements: schema.tables.map(TableStatements.init))
        partitionNames = Dictionary(
            uniqueKeysWithValues: schema.tables.enumerated().compactMap { index, table in
                PartitionNames(table).map { (index, $0) }
            })
        inserts = try DirectInserts(connection, name: name, statements: staging.statements)
    }

    /// Writes the batch's rows to the staging tables. Rows that do not fit there, or cannot be in a file, are rejected.
    func stage() throws(LakeError) {
        try staging.stage(batch.messages, recorded: batch.recorded)
        staging.frames.removeAll()
        staging.emptied.removeAll()
        for table in active {
            try staging.stage(batch.tables[table], table: table)
            for (frame, reason) in try staging.stageFrames(of: batch.tables[table], table: table) {
                reject(receivedAt: batch.tables[table].frames[frame].receivedAt, table: table, reason)
            }
            try rejectMisfits(table)
        }
    }

    /// Called when the batch is in the lake.
    func clear() {
        committed = batch.progress
        try? staging.clear(active)
    }

    /// Writes all tables in one transaction. Returns the table whose rows the database has refused, after rolling back.
    func writeTransaction() throws(LakeError) -> (table: Int, error: LakeError)? {
        try staging.stage(batch.rejections, of: batch.messages)
        var current: Int?
        do {
            try connection.transaction { () throws(LakeError) in
                try writeMessages()
                try writeRejected()
                for table in active where !staging.emptied.contains(table) {
                    current = table
                    try inline(table)
                    try connection.execute(
                        statements[table].write(from: Staging.path(table), masked: isMasked(table)))
                }
                current = nil
                try writeProgress()
            }
            return nil
        } catch {
            guard let current, try isAboutRows(error) else { throw error }
            return (current, error)
        }
    }

    /// Whether some row leaves a column of its table unchanged.
    func isMasked(_ table: Int) -> Bool {
        let batch = batch.tables[table]
        return batch.mentioned.contains { !$0.areAllSet } || staging.hasPartialFrames(table)
    }

    /// Moves the staged messages, and the publishers of those that have one, to the tables.
    private func writeMessages() throws(LakeError) {
        let name = SQL.literal(name)
        let isWhole = batch.unrecordedCount == 0
        let recorded = isWhole ? "" : " WHERE recorded"
        let ofRecorded =
            isWhole ? "" : " WHERE recv IN (SELECT recv FROM temp.main.\(Staging.messages) WHERE recorded)"
        try inline(.message)
        try connection.execute(
            """
            INSERT INTO \(SystemTable.message.sql) (name, recv, slot, qos, uid, topic, data)
            SELECT \(name), recv, slot, qos, uid, topic, data FROM temp.main.\(Staging.messages)\(recorded)
            """)
        guard batch.messages.sourceCount > 0 else { return }
        try inline(.messageSource)
        try connection.execute(
            """
            INSERT INTO \(SystemTable.messageSource.sql) (name, recv, publisher, tenant)
            SELECT \(name), recv, publisher, tenant FROM temp.main.\(Staging.sources)\(ofRecorded)
            """)
    }

    /// Moves rejected publications from their staging table to `rejected`.
    func writeRejected() throws(LakeError) {
        guard !batch.rejections.kept.isEmpty else { return }
        try inline(.rejected)
        try connection.execute(
            """
            INSERT INTO \(SystemTable.rejected.sql) (name, recv, topic, reason, data, table_name, tenant)
            SELECT \(SQL.literal(name)), recv, topic, reason, data, table_name, tenant
            FROM temp.main.\(Staging.rejected)
            """)
    }

    /// Writes the progress of the lake. Because of it, each batch is in the lake exactly once.
    func writeProgress() throws(LakeError) {
        let name = SQL.literal(name)
        let rows = newProgress.map { "(\(name), \($0.partition), \($0.time))" }
        try connection.inline(true)
        try connection.execute("INSERT INTO \(SystemTable.progress.sql) VALUES \(rows.joined(separator: ", "))")
    }

    /// The progress in the partitions that the batch has publications of.
    private var newProgress: [(partition: Int, time: UInt64)] {
        batch.progress.enumerated().compactMap { partition, time in
            time > (partition < committed.count ? committed[partition] : 0) ? (partition, time) : nil
        }
    }

    /// Whether the waiting batch is in the lake, by the progress, which is written in the same transaction.
    func isCommitted() throws(LakeError) -> Bool {
        let stored = try connection.archivedTimes(name: name, count: batch.progress.count)
        return newProgress.allSatisfy { stored[$0.partition] >= $0.time }
    }

    /// Adds a publication to `rejected`.
    func reject(receivedAt time: UInt64, table: Int, _ reason: RejectReason) {
        guard let message = batch.message(receivedAt: time) else { return }
        batch.reject(message: message, table: table, reason)
    }
}

extension DatabaseConnection {
    /// The newest receive time of each partition that is in the lake. Rows of a run with more partitions count for this
    /// run's partitions.
    func archivedTimes(name: String, count: Int) throws(LakeError) -> [UInt64] {
        var times = [UInt64](repeating: 0, count: count)
        let sql = "SELECT \"partition\", max(recv) FROM \(SystemTable.progress.sql) WHERE name = ? GROUP BY 1"
        for row in try query(sql, [.text(name)]).rows {
            guard let partition = row[0].integer, partition < count, let time = row[1].unsigned else { continue }
            times[partition] = time
        }
        return times
    }
}
