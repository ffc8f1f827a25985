import DataFrames
import RembusStore
import RembusWire

/// The checked arguments of `upsert_<table>` (storage.md §6.3): rows as a frame, whatever they came as.
struct Upsert: Sendable {
    let table: ServedTable
    /// The rows, with columns of the table only, named as the table names them.
    let frame: DataFrame
    /// Whether nulls and what is missing overwrite what is there.
    let writesNulls: Bool

    init(_ table: ServedTable, _ arguments: [Value]) throws(LakeError) {
        guard (1...2).contains(arguments.count) else {
            throw LakeError(.invalid, "a record and perhaps options are expected, not \(arguments.count) arguments")
        }
        let options = try ServiceArgument.map(Array(arguments.dropFirst()), keys: ["nulls"])
        var writesNulls = false
        if let value = options?["nulls"] {
            guard let flag = value.boolValue else { throw .refused("nulls", "true or false is expected") }
            writesNulls = flag
        }
        self.table = table
        self.writesNulls = writesNulls
        switch arguments[0] {
        case .map(let record):
            frame = try UpsertRecords(table.schema, fillsDefaults: table.schema.keys.isEmpty || writesNulls).frame([
                record
            ])
        case .array(let elements):
            let records = elements.compactMap(\.mapValue)
            guard records.count == elements.count else {
                throw LakeError(.invalid, "upsert failed: invalid record type: not all elements are maps")
            }
            frame = try UpsertRecords(table.schema, fillsDefaults: table.schema.keys.isEmpty || writesNulls).frame(
                records)
        case .tagged(Value.Tag.dataFrame, let content):
            guard let bytes = content.bytesValue else {
                throw LakeError(.invalid, "upsert failed: the dataframe has no bytes")
            }
            let received = try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(arrow: bytes) }
            frame = try Self.named(received, table.schema)
        default:
            throw LakeError(
                .invalid, "upsert failed: invalid record type: a map, an array of maps or a dataframe is needed")
        }
        for key in table.schema.keys.map({ table.schema.columns[$0].name })
        where frame[key] == nil && frame.rowCount > 0 {
            throw LakeError(.invalid, "upsert failed: the key column \(key) is missing")
        }
    }

    /// The columns of a frame under the table's names. The receive time is the broker's, so its column is left out.
    private static func named(_ frame: DataFrame, _ schema: TableSchema) throws(LakeError) -> DataFrame {
        var columns: [Column] = []
        var seen: Set<Int> = []
        for column in frame.columns {
            let index = try position(of: column.name, in: schema)
            guard seen.insert(index).inserted else {
                throw LakeError(.invalid, "upsert failed: the column \(column.name) is given twice")
            }
            if index == schema.receivedAtColumn { continue }
            columns.append(column.renamed(schema.allColumns[index].name))
        }
        return try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(columns: columns) }
    }

    /// Where a column is in the table; names do not tell upper from lower case, as in DuckDB.
    static func position(of name: String, in schema: TableSchema) throws(LakeError) -> Int {
        if let index = schema.allColumns.firstIndex(where: { $0.name == name }) { return index }
        let folded = name.lowercased()
        if let index = schema.allColumns.firstIndex(where: { $0.name.lowercased() == folded }) { return index }
        let names = schema.allColumns.prefix(20).map(\.name).joined(separator: ", ")
        throw LakeError(
            .invalid, "upsert failed: there is no column \(name.prefix(100)); the table \(schema.name) has \(names)")
    }
}
