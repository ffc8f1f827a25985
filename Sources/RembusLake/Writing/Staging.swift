import RembusTables

/// The tables in memory that a batch's rows are written to, before one transaction moves them to the lake.
///
/// Used on the writer's thread only. Rows keep their numbers (`rowid`), by which refused ones are found and left out.
final class Staging {
    let connection: DatabaseConnection
    /// By the table's number in the schema.
    let statements: [TableStatements]
    /// For each table, the positions of its dataframes' rows, and whether one of them lacks a column.
    var frames: [Int: StagedFrames] = [:]
    /// Tables that cannot be written at all, and whose rows were all removed.
    var emptied: Set<Int> = []

    init(_ connection: DatabaseConnection, statements: [TableStatements]) {
        self.connection = connection
        self.statements = statements
    }

    /// The name of the staging table for a table of the schema, and its quoted path.
    static func name(_ table: Int) -> String { "stage_\(table)" }
    static func path(_ table: Int) -> String { "temp.main.stage_\(table)" }
    static let messages = "stage_message"
    static let sources = "stage_source"
    static let rejected = "stage_rejected"

    /// Makes the empty staging table for a table of the schema, and writes its rows to it, except for dataframes.
    func stage(_ batch: TableBatch, table: Int) throws(LakeError) {
        try connection.execute(statements[table].createStaging(Self.name(table)))
        guard batch.rowCount > 0 else { return }
        var columns = batch.columns.map(AppendColumn.init)
        guard statements[table].isKeyed else { return try append(columns, rows: batch.rowCount, to: Self.name(table)) }
        let order = RowOrder(batch)
        let masks = RowMasks(batch, count: statements[table].maskCount)
        try order.withPointer { pointer throws(LakeError) in
            columns.append(pointer.map { AppendColumn(.fixed($0, width: 8)) } ?? AppendColumn(batch.receivedAt))
            try masks.withPointers { pointers throws(LakeError) in
                columns += pointers.map { AppendColumn(.fixed($0, width: 8)) }
                try append(columns, rows: batch.rowCount, to: Self.name(table))
            }
        }
    }

    /// Stages the rows of `message` and `message_source`.
    /// - Parameter recorded: For every row, 1 when `message` is to have it.
    func stage(_ batch: MessageBatch, recorded: [UInt8]) throws(LakeError) {
        try connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE \(Self.messages)
            (recv UBIGINT, slot UINTEGER, qos UTINYINT, uid UBIGINT, topic VARCHAR, data BLOB, recorded BOOLEAN);
            CREATE OR REPLACE TEMP TABLE \(Self.sources) (recv UBIGINT, publisher VARCHAR, tenant VARCHAR)
            """)
        try recorded.withUnsafeBytes { recorded in
            Result { () throws(LakeError) in
                guard let base = recorded.baseAddress else { return }
                let columns = batch.columns.map(AppendColumn.init) + [AppendColumn(.fixed(base, width: 1))]
                try append(columns, rows: batch.rowCount, to: Self.messages)
            }
        }.get()
        guard batch.sourceCount > 0 else { return }
        let sources = [batch.sourceReceivedAt, batch.sourcePublishers, batch.sourceTenants]
        try append(sources.map(AppendColumn.init), rows: batch.sourceCount, to: Self.sources)
    }

    /// Stages the rows of `rejected`.
    func stage(_ rejections: Rejections, of messages: MessageBatch) throws(LakeError) {
        try connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE \(Self.rejected)
            (recv UBIGINT, topic VARCHAR, reason VARCHAR, data BLOB, table_name VARCHAR, tenant VARCHAR)
            """)
        guard !rejections.kept.isEmpty else { return }
        var times: [UInt64] = []
        var (topics, reasons, data) = (BytesColumn(), BytesColumn(), BytesColumn())
        var (tables, tenants) = (BytesColumn(), BytesColumn())
        for rejection in rejections.kept {
            times.append(messages.receivedAt.value(rejection.message))
            topics.append(messages.topics.bytes(rejection.message))
            reasons.append("\(rejection.reason.code.rawValue): \(rejection.reason.message)".utf8)
            // Large payloads, mostly dataframes, are in `message` and are not repeated here.
            let payload = messages.data.bytes(rejection.message)
            data.append(
                payload.count <= Rejections.maxBytes ? payload : UnsafeRawBufferPointer(rebasing: payload.prefix(0)))
            tables.append(statements[rejection.table].name.utf8)
            tenants.append(messages.tenant(of: rejection.message).utf8)
        }
        try times.withUnsafeBytes { times in
            Result { () throws(LakeError) in
                guard let base = times.baseAddress else { return }
                try BytesColumn.withColumns([topics, reasons, data, tables, tenants]) { columns throws(LakeError) in
                    try append(
                        [AppendColumn(.fixed(base, width: 8))] + columns, rows: rejections.kept.count,
                        to: Self.rejected)
                }
            }
        }.get()
    }

    /// Releases the memory of all tables.
    func clear(_ tables: some Sequence<Int>) throws(LakeError) {
        let names = [Self.messages, Self.sources, Self.rejected] + tables.map(Self.name)
        for name in names { try connection.execute("DROP TABLE IF EXISTS temp.main.\(name)") }
    }

    /// The number of rows that a staged table got. Row numbers are below it.
    func rowCount(_ table: Int) throws(LakeError) -> Int {
        try connection.query("SELECT coalesce(max(rowid) + 1, 0) FROM \(Self.path(table))").value?.integer ?? 0
    }

    /// Deletes rows. The numbers of the others do not change.
    func remove(_ rows: Range<Int>, of table: Int) throws(LakeError) {
        try connection.execute(
            "DELETE FROM \(Self.path(table)) WHERE rowid >= \(rows.lowerBound) AND rowid < \(rows.upperBound)")
    }

    /// The dataframes of a staged table, by their number in the batch, with their rows.
    func frameRows(_ table: Int) -> [(frame: Int, rows: Range<Int>)] { frames[table]?.rows ?? [] }

    /// Whether some dataframe of the table lacks a column for which it has no constant either.
    func hasPartialFrames(_ table: Int) -> Bool { frames[table]?.isPartial ?? false }

    private func append(_ columns: [AppendColumn], rows: Int, to table: String) throws(LakeError) {
        let appender = try Appender(connection, catalog: "temp", schema: "main", table: table)
        try appender.append(columns, rows: 0..<rows)
        try appender.close()
    }
}

extension AppendColumn {
    /// The rows of a column buffer; valid until the buffer changes.
    init(_ buffer: ColumnBuffer) {
        let content: Content =
            switch buffer.storage {
            case .list, .map: .elements(buffer.children.map(AppendColumn.init), offsets: buffer.offsets)
            case .structure: .fields(buffer.children.map(AppendColumn.init))
            case .text, .blob: .bytes(buffer.arena, offsets: buffer.offsets)
            default: .fixed(buffer.values, width: buffer.storage.width)
            }
        self.init(content, validity: buffer.nullCount == 0 ? nil : buffer.validity)
    }
}

extension BytesColumn {
    /// Calls `body` with the rows of several columns.
    fileprivate static func withColumns(
        _ columns: [BytesColumn], _ body: ([AppendColumn]) throws(LakeError) -> Void
    ) throws(LakeError) {
        guard let first = columns.first else { return try body([]) }
        try first.withColumn { column throws(LakeError) in
            try withColumns(Array(columns.dropFirst())) { others throws(LakeError) in try body([column] + others) }
        }
    }

    /// Calls `body` with the rows, none of which is null.
    private func withColumn(_ body: (AppendColumn) throws(LakeError) -> Void) throws(LakeError) {
        try bytes.withUnsafeBytes { bytes in
            offsets.withUnsafeBufferPointer { offsets in
                Result { () throws(LakeError) in
                    guard let start = offsets.baseAddress else { return }
                    // When no row has a byte there is no address, but none is read.
                    try body(AppendColumn(.bytes(bytes.baseAddress ?? UnsafeRawPointer(start), offsets: start)))
                }
            }
        }.get()
    }
}
