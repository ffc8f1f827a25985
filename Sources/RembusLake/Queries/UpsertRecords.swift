import RembusTables
import RembusWire

/// Converts records (maps) to rows.
struct UpsertRecords {
    private let schema: TableSchema
    /// Whether a missing column of a record gets its default here. Otherwise it is null, and the statement puts the
    /// default into new rows.
    private let fillsDefaults: Bool

    init(_ schema: TableSchema, fillsDefaults: Bool) {
        self.schema = schema
        self.fillsDefaults = fillsDefaults
    }

    /// Makes a row for each record, with a column for each one that some record has.
    func rows(_ records: [ValueMap]) throws(LakeError) -> UpsertRows {
        var cells: [Int: [Value?]] = [:]
        for (row, record) in records.enumerated() {
            for pair in record.pairs {
                guard let name = pair.key.stringValue else {
                    throw LakeError(.invalid, "upsert failed: a column's name must be a text")
                }
                let index = try Upsert.position(of: name, in: schema)
                if index == schema.receivedAtColumn { continue }
                cells[index, default: Array(repeating: nil, count: records.count)][row] = pair.value
            }
        }
        var columns: [Int: FittedColumn] = [:]
        for (index, values) in cells {
            let column = schema.allColumns[index]
            let missing = fillsDefaults ? column.defaultValue : nil
            let fitter = ColumnFitter(column, capacity: values.count + 1)
            for value in values {
                try LakeError.upsertFailure { () throws(RejectReason) in try fitter.append(value ?? missing ?? .null) }
            }
            columns[index] = .made(fitter.buffer)
        }
        return try UpsertRows(columns, rowCount: records.count, schema)
    }
}
