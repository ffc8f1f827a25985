import RembusTables

extension BatchCommit {
    /// Writes the batch in one transaction without staging, if its tables allow that. Returns false when the database
    /// has refused rows of a table; nothing is written then.
    func writeDirectly() throws(LakeError) -> Bool {
        let active = active
        guard batch.unrecordedCount == 0, active.allSatisfy(isDirect) else { return false }
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
                try inserts.messages.run(
                    connection, batch.messages.columns.map(AppendColumn.init), rows: batch.messages.rowCount)
                try inline(.messageSource)
                try inserts.sources.run(
                    connection, batch.messages.sourceColumns.map(AppendColumn.init), rows: batch.messages.sourceCount)
                isInTable = true
                for table in active {
                    let rows = batch.tables[table]
                    try inline(table)
                    try inserts.tables[table]?.run(
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

    /// Keyed tables are merged from a staging table. Tables with a partition value that may not be the name of a folder
    /// need a check of each row.
    private func isDirect(_ table: Int) -> Bool {
        guard inserts.tables[table] != nil else { return false }
        guard let names = partitionNames[table] else { return true }
        return batch.tables[table].frames.isEmpty && names.areSafe(batch.tables[table])
    }
}
