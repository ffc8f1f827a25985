import DataFrames
import RembusTables

/// Rows for a statement. Some columns are those of a dataframe, others were made here.
struct RowSource {
    /// A column that was made here, with the SQL type that its rows have in memory.
    struct Made {
        let name: String
        let buffer: ColumnBuffer
        let type: String
    }

    /// The columns of the dataframe: none, or as many rows as `rowCount`.
    let frame: DataFrame
    let made: [Made]
    let rowCount: Int

    init(frame: DataFrame, made: [Made], rowCount: Int) {
        self.frame = frame
        self.made = made
        self.rowCount = rowCount
    }

    /// An estimate of the bytes that the rows take.
    var byteCount: Int { made.reduce(frame.columnCount > 0 ? frame.arrowByteCount : 0) { $0 + $1.buffer.byteCount } }

    var columnNames: [String] { frame.columnNames + made.map(\.name) }

    /// The rows of several sources with the same columns.
    init(concatenating sources: [RowSource]) throws {
        frame = try DataFrame(concatenating: sources.map(\.frame))
        rowCount = sources.reduce(0) { $0 + $1.rowCount }
        made = sources[0].made.enumerated().map { index, first in
            let buffer = ColumnBuffer(first.buffer.storage)
            for source in sources { buffer.append(contentsOf: source.made[index].buffer) }
            return Made(name: first.name, buffer: buffer, type: first.type)
        }
    }
}
