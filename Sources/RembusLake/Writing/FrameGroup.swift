import DataFrames
import RembusTables

/// Dataframes with the same columns as one, so that they become one file.
struct FrameGroup {
    /// With more groups, which each become a file, staging is better.
    private static let limit = 4

    var rows: RowSource
    /// The expressions for the table's columns.
    var values: String

    /// Groups of all dataframes in a batch; nil when they are too different, or one does not fit, so that each has to
    /// be handled by itself.
    static func all(of batch: TableBatch, _ statements: TableStatements) -> [FrameGroup]? {
        var plans: [(first: FramePlan, sources: [RowSource])] = []
        batch.beginFrames()
        for rows in batch.frames {
            guard let plan = try? FramePlan(rows, of: batch.table, statements: statements, order: 0) else { return nil }
            batch.noteUnknown(plan.unknown, receivedAt: rows.receivedAt)
            guard plan.rows.rowCount > 0 else { continue }
            if let index = plans.firstIndex(where: { plan.isLike($0.first) }) {
                plans[index].sources.append(plan.rows)
            } else {
                guard plans.count < limit else { return nil }
                plans.append((plan, [plan.rows]))
            }
        }
        var groups: [FrameGroup] = []
        for plan in plans {
            guard let rows = try? RowSource(concatenating: plan.sources) else { return nil }
            groups.append(FrameGroup(rows: rows, values: plan.first.values))
        }
        return groups
    }
}

extension FramePlan {
    /// Whether the rows of another plan can be added to this group.
    fileprivate func isLike(_ other: FramePlan) -> Bool {
        values == other.values && rows.frame.schema == other.rows.frame.schema
            && rows.made.map(\.name) == other.rows.made.map(\.name)
    }
}
