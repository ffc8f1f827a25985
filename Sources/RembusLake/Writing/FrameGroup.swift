import DataFrames
import RembusStore

/// Frames of one form as one, which makes one file.
struct FrameGroup {
    /// More groups, each a file of its own, are better staged.
    private static let limit = 4

    var frame: DataFrame
    /// The expressions of the table's columns.
    var values: String

    /// All frames of a batch; nil when they are too different, or one does not fit, which is better looked at one by
    /// one.
    static func all(of batch: TableBatch, _ statements: TableStatements) -> [FrameGroup]? {
        var plans: [(values: String, schema: Schema, frames: [DataFrame])] = []
        for rows in batch.frames {
            guard let plan = try? FramePlan(rows, of: batch.table, statements: statements, order: 0) else { return nil }
            guard plan.frame.rowCount > 0 else { continue }
            let schema = plan.frame.schema
            if let index = plans.firstIndex(where: { $0.values == plan.values && $0.schema == schema }) {
                plans[index].frames.append(plan.frame)
            } else {
                guard plans.count < limit else { return nil }
                plans.append((plan.values, schema, [plan.frame]))
            }
        }
        var groups: [FrameGroup] = []
        for plan in plans {
            guard let frame = try? DataFrame(concatenating: plan.frames) else { return nil }
            groups.append(FrameGroup(frame: frame, values: plan.values))
        }
        return groups
    }
}
