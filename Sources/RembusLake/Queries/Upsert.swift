import DataFrames
import RembusTables
import RembusWire

/// The checked arguments of `upsert_<table>` (storage.md §6.3), with the rows as a dataframe.
struct Upsert: Sendable {
    let table: ServedTable
    /// The rows, with columns of the table only.
    let rows: UpsertRows
    /// Whether null and missing values overwrite the columns of an existing row.
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
        let records = UpsertRecords(table.schema, fillsDefaults: table.schema.keys.isEmpty || writesNulls)
        switch arguments[0] {
        case .map(let record): rows = try records.rows([record])
        case .array(let elements):
            let maps = elements.compactMap(\.mapValue)
            guard maps.count == elements.count else {
                throw LakeError(.invalid, "upsert failed: invalid record type: not all elements are maps")
            }
            rows = try records.rows(maps)
        case .tagged(Value.Tag.dataFrame, let content):
            guard let bytes = content.bytesValue else {
                throw LakeError(.invalid, "upsert failed: the dataframe has no bytes")
            }
            let frame = try LakeError.wrapping { () throws(DataFrameError) in try DataFrame(arrow: bytes) }
            rows = try UpsertRows(frame, table.schema)
        default:
            throw LakeError(
                .invalid, "upsert failed: invalid record type: a map, an array of maps or a dataframe is needed")
        }
        for key in table.schema.keys where !rows.given.contains(key) && rows.count > 0 {
            throw LakeError(
                .invalid, "upsert failed: the key column \(table.schema.columns[key].name) is missing")
        }
    }

    /// The index of a column in the table. Names are compared without regard to case, as in DuckDB.
    static func position(of name: String, in schema: TableSchema) throws(LakeError) -> Int {
        if let index = schema.allColumns.firstIndex(where: { $0.name == name }) { return index }
        let folded = name.lowercased()
        if let index = schema.allColumns.firstIndex(where: { $0.name.lowercased() == folded }) { return index }
        let names = schema.allColumns.prefix(20).map(\.name).joined(separator: ", ")
        throw LakeError(
            .invalid, "upsert failed: there is no column \(name.prefix(100)); the table \(schema.name) has \(names)")
    }
}
