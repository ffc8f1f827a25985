import DataFrames
import RembusStore

/// Rows that go from memory into a table of the lake without a staging table between, which is a third cheaper. When
/// the database refuses some, the batch is staged after all, where they can be found.
///
/// Of the writer's thread only, inside its transaction.
struct DirectInsert {
    /// The name that the statement knows the rows by.
    static let source = "batch"

    private let statement: String
    private let columns: [(name: String, type: LogicalType)]

    /// - Parameters:
    ///   - statement: An `INSERT … SELECT … FROM batch`.
    ///   - columns: Names and types, as in `CREATE TABLE`, of the rows.
    init(_ connection: DatabaseConnection, _ statement: String, columns: [(name: String, type: String)])
        throws(LakeError)
    {
        self.statement = statement
        let types = columns.map { "CAST(NULL AS \($0.type))" }.joined(separator: ", ")
        let result = try connection.query("SELECT \(types) LIMIT 0")
        self.columns = zip(columns, result.columns).map { ($0.name, $1.type) }
    }

    /// Inserts the rows; in pieces of 204,800, of which each makes a file.
    func run(_ connection: DatabaseConnection, _ values: [AppendColumn], rows: Int) throws(LakeError) {
        guard rows > 0 else { return }
        let appender = try Appender(connection, statement: statement, table: Self.source, columns: columns)
        try appender.append(values, rows: 0..<rows)
        try appender.close()
    }
}

extension LakeWriter {
    /// Writes the batch in one transaction without staging it, as far as its tables allow that. False when the database
    /// refused rows of some table: nothing is written then.
    func writeDirectly(_ active: [Int]) throws(LakeError) -> Bool {
        guard let messageInsert, batch.unrecordedCount == 0, active.allSatisfy(isDirect) else { return false }
        staging.frames.removeAll()
        var frames: [Int: [FrameGroup]] = [:]
        for table in active where !batch.tables[table].frames.isEmpty {
            guard let groups = FrameGroup.all(of: batch.tables[table], statements[table]) else { return false }
            frames[table] = groups
            staging.frames[table] = StagedFrames(rows: [(0, 0..<groups.reduce(0) { $0 + $1.rows.rowCount })])
        }
        try staging.stage(batch.rejections, of: batch.messages)
        var isInTable = false
        do {
            try connection.transaction { () throws(LakeError) in
                try inline(.message)
                try messageInsert.run(
                    connection, batch.messages.columns.map(AppendColumn.init), rows: batch.messages.rowCount)
                try inline(.messageSource)
                try sourceInsert?.run(
                    connection, batch.messages.sourceColumns.map(AppendColumn.init), rows: batch.messages.sourceCount)
                isInTable = true
                for table in active {
                    let rows = batch.tables[table]
                    try inline(table)
                    try tableInserts[table]?.run(
                        connection, rows.columns.map(AppendColumn.init), rows: rows.rowCount)
                    for group in frames[table] ?? [] {
                        let statement = statements[table].append(group.values, from: DirectInsert.source)
                        try connection.run(statement, over: group.rows, as: DirectInsert.source)
                    }
                }
                isInTable = false
                try writeRejected()
                try writeProgress()
            }
            return true
        } catch {
            guard isInTable, try isAboutRows(error) else { throw error }
            return false
        }
    }

    /// Keyed tables are merged from a staging table, and where a value may be no name of a folder each row is looked at.
    private func isDirect(_ table: Int) -> Bool {
        guard tableInserts[table] != nil else { return false }
        guard let names = partitionNames[table] else { return true }
        return batch.tables[table].frames.isEmpty && names.areSafe(batch.tables[table])
    }

    /// Prepares what ``writeDirectly(_:)`` needs.
    func prepareInserts() throws(LakeError) {
        let name = SQL.literal(configuration.name)
        let source = DirectInsert.source
        messageInsert = try DirectInsert(
            connection,
            """
            INSERT INTO \(SystemTable.message.sql) (name, recv, slot, qos, uid, topic, data)
            SELECT \(name), recv, slot, qos, uid, topic, data FROM \(source)
            """, columns: SystemTable.message.columns.dropFirst().map { ($0.name, $0.type) })
        sourceInsert = try DirectInsert(
            connection,
            """
            INSERT INTO \(SystemTable.messageSource.sql) (name, recv, publisher, tenant)
            SELECT \(name), recv, publisher, tenant FROM \(source)
            """, columns: SystemTable.messageSource.columns.dropFirst().map { ($0.name, $0.type) })
        for (table, statements) in statements.enumerated() where !statements.isKeyed {
            tableInserts[table] = try DirectInsert(
                connection, statements.write(from: source, masked: false), columns: statements.stagingColumns)
        }
    }
}
