import RembusTables

extension Batch {
    /// The part of a batch that goes to one table of the catalog.
    struct Size: Equatable {
        var rows: Int
        var bytes: Int
    }

    /// The part for a system table.
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

    /// The part for a table of the schema, by its number.
    /// - Parameter frameRows: The number of rows in its dataframes.
    func size(_ table: Int, frameRows: Int) -> Size {
        Size(rows: tables[table].rowCount + frameRows, bytes: tables[table].byteCount)
    }
}

extension BatchCommit {
    /// Lets the next statement's rows of a system table stay inside the catalog, if they are few and small.
    func inline(_ table: SystemTable) throws(LakeError) {
        let size = batch.size(table)
        try connection.inline(rows: size.rows, bytes: size.bytes)
    }

    /// The same for a table of the schema, whose dataframes were checked.
    func inline(_ table: Int) throws(LakeError) {
        let size = batch.size(table, frameRows: staging.frames[table]?.rowCount ?? 0)
        try connection.inline(rows: size.rows, bytes: size.bytes)
    }
}
