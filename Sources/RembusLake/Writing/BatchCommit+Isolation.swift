import Logging
import RembusTables

extension BatchCommit {
    /// Finds the rows of a staged table that the database refuses, by halving, and moves them to `rejected`. Returns
    /// false when no row is refused any more: the failure was not because of the rows.
    func isolate(_ table: Int, _ error: LakeError) throws(LakeError) -> Bool {
        logger.warning(
            "the database refuses rows of a table; looking for them",
            metadata: ["table": "\(schema.tables[table].name)", "error": "\(error)"])
        let count = try staging.rowCount(table)
        if let refusal = try refusal(table, 0..<0) {
            // If even no rows can be written, the table has changed since the start, or nothing can be written.
            _ = try connection.archivedTimes(name: name, count: 0)
            try remove(0..<count, of: table, refusal)
            staging.emptied.insert(table)
            return true
        }
        var isFound = false
        var search = RowSearch(0..<count)
        while let range = search.next() {
            guard let refusal = try refusal(table, range) else { continue }
            isFound = true
            if case .giveBack(let rows) = search.refused() { try remove(rows, of: table, refusal) }
        }
        return isFound
    }

    /// Why these rows are refused; nil when they are not. The test is rolled back.
    private func refusal(_ table: Int, _ rows: Range<Int>) throws(LakeError) -> LakeError? {
        let some =
            "(SELECT * FROM \(Staging.path(table)) WHERE rowid >= \(rows.lowerBound) AND rowid < \(rows.upperBound))"
        do {
            defer { try? connection.execute("ROLLBACK") }
            try connection.execute("BEGIN TRANSACTION")
            try connection.execute(statements[table].write(from: some, masked: isMasked(table)))
            return nil
        } catch {
            guard try isAboutRows(error) else { throw error }
            return error
        }
    }

    /// Moves rows of the staged table to the rejected ones. All rows of a dataframe are moved together.
    private func remove(_ rows: Range<Int>, of table: Int, _ error: LakeError) throws(LakeError) {
        let reason = RejectReason(error, of: schema.tables[table])
        let batch = batch.tables[table]
        for row in rows.clamped(to: 0..<batch.rowCount) {
            reject(receivedAt: batch.receivedAt.value(row), table: table, reason)
        }
        var removed = [rows]
        for (frame, range) in staging.frameRows(table) where range.overlaps(rows) && !range.isEmpty {
            reject(receivedAt: batch.frames[frame].receivedAt, table: table, reason)
            removed.append(range)
        }
        for range in removed { try staging.remove(range, of: table) }
    }
}

extension RejectReason {
    /// The database's refusal of a row.
    init(_ error: LakeError, of table: TableSchema) {
        let words = DatabaseWords(error, table: table)
        let text = words?.reason ?? String(error.message.prefix { $0 != "\n" })
        switch error.kind {
        case .conversion: self.init(.cannotCast, text, column: words?.column)
        case .constraint: self.init(.nullNotAllowed, text, column: words?.column)
        default: self.init(.database, text)
        }
    }
}
