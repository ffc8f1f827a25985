import DataFrames
import RembusTables

/// Where the rows of a table's frames lie in its staging table.
struct StagedFrames {
    /// By the frame's number in the batch; frames that were rejected are not among them.
    var rows: [(frame: Int, rows: Range<Int>)] = []
    /// True when some frame leaves out a column that stays as it is in rows that exist.
    var isPartial = false

    var rowCount: Int { rows.reduce(0) { $0 + $1.rows.count } }
}

extension Staging {
    /// Adds the rows of the table's frames; returns those that do not fit, with the reason. A frame fits as a whole or
    /// not at all.
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
                // Staging is in memory: what fails there for another reason than these is not the lake.
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
        // A large frame goes in pieces, of which none may stay when one fails.
        try connection.transaction { () throws(LakeError) in
            try connection.run(
                "INSERT INTO \(Self.path(table)) SELECT \(plan.values) FROM frame", over: plan.rows, as: "frame")
        }
    }
}

extension RejectReason {
    /// The refusal of a frame by the staging table, whose columns have names of their own.
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
