import DataFrames
import RembusTables
import RembusWire

/// The rows of an upsert in the types of the table, by columns named `c<position in the table>`.
///
/// Nothing changes the buffers afterwards, so they may be used on another thread; hence unchecked.
struct UpsertRows: @unchecked Sendable {
    /// The columns that the rows have, by their position in the table, in order.
    let given: [Int]
    /// Columns with a default, named `d<position>`: the value for a row that has none.
    let defaults: [Int]
    let source: RowSource
    var count: Int { source.rowCount }

    /// The rows of a dataframe. The receive time is set by the broker, so its column is left out.
    init(_ frame: DataFrame, _ schema: TableSchema) throws(LakeError) {
        var columns: [Int: FittedColumn] = [:]
        var seen: Set<Int> = []
        for column in frame.columns {
            let index = try Upsert.position(of: column.name, in: schema)
            guard seen.insert(index).inserted else {
                throw LakeError(.invalid, "upsert failed: the column \(column.name) is given twice")
            }
            if index == schema.receivedAtColumn { continue }
            columns[index] = try LakeError.upsertFailure { () throws(RejectReason) in
                try FittedColumn(column, to: schema.allColumns[index])
            }
        }
        try self.init(columns, rowCount: frame.rowCount, schema)
    }

    init(_ columns: [Int: FittedColumn], rowCount: Int, _ schema: TableSchema) throws(LakeError) {
        given = columns.keys.sorted()
        var (frameColumns, made) = ([Column](), [RowSource.Made]())
        for (index, column) in columns.sorted(by: { $0.key < $1.key }) {
            switch column {
            case .given(let column): frameColumns.append(column.renamed("c\(index)"))
            case .made(let buffer):
                made.append(.init(name: "c\(index)", buffer: buffer, type: schema.allColumns[index].type.stagingSQL))
            }
        }
        var defaults: [Int] = []
        for (index, column) in schema.columns.enumerated() {
            guard let value = column.defaultValue else { continue }
            let fitter = ColumnFitter(column, capacity: 1)
            try LakeError.upsertFailure { () throws(RejectReason) in try fitter.append(value) }
            defaults.append(index)
            let buffer = fitter.buffer.repeating(0, count: rowCount)
            made.append(.init(name: "d\(index)", buffer: buffer, type: column.type.stagingSQL))
        }
        self.defaults = defaults
        let frame = try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(columns: frameColumns) }
        source = RowSource(frame: frame, made: made, rowCount: rowCount)
    }
}

extension LakeError {
    /// Runs `body` and converts its error to that of an upsert.
    static func upsertFailure<Result>(_ body: () throws(RejectReason) -> Result) throws(LakeError) -> Result {
        do throws(RejectReason) {
            return try body()
        } catch {
            throw LakeError(.conversion, "upsert failed: \(error.message)")
        }
    }
}
