import DataFrames
import RembusTables

/// The positions of the rows of a table's dataframes in its staging table.
struct StagedFrames {
    /// By the dataframe's number in the batch, without those that were rejected.
    var rows: [(frame: Int, rows: Range<Int>)] = []
    /// Whether some dataframe lacks a column that stays unchanged in existing rows.
    var isPartial = false

    var rowCount: Int { rows.reduce(0) { $0 + $1.rows.count } }
}

extension Staging {
    /// Adds the rows of the table's dataframes. Returns those that do not fit, with the reason. A dataframe is stored
    /// completely or not at all.
    func stageFrames(of batch: TableBatch, table: Int) throws(LakeError) -> [(frame: Int, reason: RejectReason)] {
        guard !batch.frames.isEmpty else { return [] }
        let order = RowOrder(batch)
        var staged = StagedFrames()
        var rejected: [(frame: Int, reason: RejectReason)] = []
        var start = batch.rowCount
        batch.beginFrames()
        for (index, rows) in batch.frames.enumerated() {
            do {
                let plan = try FramePlan(
                    rows, of: batch.table, statements: statements[table], order: order.frames[index])
                try insert(plan, into: table)
                batch.noteUnknown(plan.unknown, receivedAt: rows.receivedAt)
                staged.rows.append((index, start..<start + plan.rows.rowCount))
                start += plan.rows.rowCount
                staged.isPartial = staged.isPartial || plan.isPartial
            } catch let reason as RejectReason {
                rejected.append((index, reason))
            } catch let error as LakeError {
                // Staging is in memory, so other failures there are not those of the lake.
                guard error.blame != .lake else { throw error }
                rejected.append((index, RejectReason(error, staged: batch.table)))
                start = try rowCount(table)
            } catch {
                rejected.append((index, RejectReason(.notADataFrame, "\(error)")))
            }
        }
        frames[table] = staged
        return rejected
    }

    private func insert(_ plan: FramePlan, into table: Int) throws(LakeError) {
        // A large dataframe is added in pieces, of which none may stay when one fails.
        try connection.transaction { () throws(LakeError) in
            try connection.run(
                "INSERT INTO \(Self.path(table)) SELECT \(plan.values) FROM frame", over: plan.rows, as: "frame")
        }
    }
}

extension RejectReason {
    /// The refusal of a dataframe by the staging table, whose columns have names of their own.
    fileprivate init(_ error: LakeError, staged table: TableSchema) {
        guard error.kind == .constraint,
            let name = error.message.split(separator: ".").last?.prefix(while: { $0.isLetter || $0.isNumber }),
            name.first == "c", let index = Int(name.dropFirst()), index < table.allColumns.count
        else {
            self.init(error, of: table)
            return
        }
        let column = table.allColumns[index].name
        let isKey = table.keys.contains(index)
        self.init(
            isKey ? .nullKey : .nullNotAllowed, "Column \(column) of the dataframe has nulls.", column: column)
    }
}
