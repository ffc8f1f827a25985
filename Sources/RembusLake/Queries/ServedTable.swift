import RembusStore

/// A table of the schema as the services see it.
struct ServedTable: Sendable {
    let schema: TableSchema
    /// The quoted name in the catalog.
    let name: String
    let scope: TableScope

    init(_ schema: TableSchema) {
        self.schema = schema
        name = Catalog.table(schema.name)
        scope = TableScope(
            table: schema.name, columns: schema.allColumns.map(\.name), types: schema.allColumns.map(\.type),
            receiveTime: schema.receivedAtColumn.map {
                let column = schema.allColumns[$0]
                return TableScope.ReceiveTime(column: column.name, isTimestamp: column.type.isCalendar)
            })
    }

    /// What a query of the table as it was at a time reads: columns that were added since are null there, those that
    /// were taken away do not show.
    func source(at time: TimeTravel, _ connection: Connection) throws(LakeError) -> String {
        let then = "\(name) AT (TIMESTAMP => \(time.sql))"
        let columns: [String]
        do {
            columns = try connection.query("SELECT * FROM \(then) LIMIT 0").columns.map { $0.name.lowercased() }
        } catch {
            guard error.kind == .name else { throw error }
            throw .refused("when", "the table \(schema.name) was not there at \(time.text)")
        }
        let known = Set(columns)
        if schema.allColumns.allSatisfy({ known.contains($0.name.lowercased()) }) { return then }
        let list = schema.allColumns.map { column in
            let quoted = SQL.identifier(column.name)
            return known.contains(column.name.lowercased()) ? quoted : "CAST(NULL AS \(column.type.sql)) AS \(quoted)"
        }
        return "(SELECT \(list.joined(separator: ", ")) FROM \(then)) AS \(SQL.identifier(schema.name))"
    }
}
