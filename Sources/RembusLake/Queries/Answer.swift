import DataFrames
import NIOCore
import RembusWire

/// A result as a dataframe in a message (protocol.md §5).
struct Answer {
    let value: Value

    /// Encodes the dataframe.
    init(_ frame: DataFrame) throws(LakeError) {
        let frame = try Self.unique(frame)
        let buffer = try LakeError.wrapping { () throws(DataFrameError) in try frame.arrowBuffer() }
        value = .tagged(Value.Tag.dataFrame, .bytes(buffer))
    }

    /// Columns with equal names get numbers, because most readers of dataframes require different names.
    private static func unique(_ frame: DataFrame) throws(LakeError) -> DataFrame {
        var names = Set(frame.columnNames)
        guard names.count < frame.columnCount else { return frame }
        var seen: Set<String> = []
        let columns = frame.columns.map { column in
            guard !seen.insert(column.name).inserted else { return column }
            var number = 1
            while !names.insert("\(column.name)_\(number)").inserted { number += 1 }
            return column.renamed("\(column.name)_\(number)")
        }
        return try LakeError.wrapping { () throws(DataFrameError) in
            try DataFrame(columns: columns, metadata: frame.metadata)
        }
    }
}
