import RembusTables

extension Batch {
    /// How much of a batch one table of the catalog gets.
    struct Size: Equatable {
        var rows: Int
        var bytes: Int
    }

    /// Of a system table that batches are written to.
    func size(_ table: SystemTable) -> Size {
        switch table {
        case .message: Size(rows: messages.rowCount - unrecordedCount, bytes: messages.byteCount)
        case .messageSource:
            Size(rows: messages.sourceCount, bytes: messages.sourceColumns.reduce(0) { $0 + $1.byteCount })
        case .rejected: Size(rows: rejections.kept.count, bytes: rejections.byteCount)
        case .progress: Size(rows: progress.count, bytes: 0)
        case .component, .exposer, .subscriber, .mark, .admin, .topicAuth, .tenant, .waitAck2, .trust, .retention,
            .uniqueness:
            Size(rows: 0, bytes: 0)
        }
    }

    /// Of a table of the schema, by its number.
    /// - Parameter frameRows: The rows of its frames.
    func size(_ table: Int, frameRows: Int) -> Size {
        Size(rows: tables[table].rowCount + frameRows, bytes: tables[table].byteCount)
    }
}

extension BatchCommit {
    /// Has the next statement's rows of a system table stay inside the catalog when they are few and small.
    func inline(_ table: SystemTable) throws(LakeError) {
        let size = batch.size(table)
        try connection.inline(rows: size.rows, bytes: size.bytes)
    }

    /// The same of a table of the schema, whose frames have been looked at.
    func inline(_ table: Int) throws(LakeError) {
        let size = batch.size(table, frameRows: staging.frames[table]?.rowCount ?? 0)
        try connection.inline(rows: size.rows, bytes: size.bytes)
    }
}
