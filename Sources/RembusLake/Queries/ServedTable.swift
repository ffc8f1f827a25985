import RembusTables

/// A table of the schema for the services.
struct ServedTable: Sendable {
    let schema: TableSchema
    /// The quoted name in the catalog.
    let name: String
    let scope: TableScope
    /// An SQL condition on its rows for callers; nil for all rows.
    var restriction: String?

    /// What a query of the table reads.
    var source: String {
        guard let restriction else { return name }
        return "(SELECT * FROM \(name) WHERE \(restriction)) AS \(SQL.identifier(schema.name))"
    }

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

    /// What a query of the table at an earlier time reads. Columns that were added since are null, and those that were
    /// removed are not shown.
    func source(at time: TimeTravel, _ connection: DatabaseConnection) throws(LakeError) -> String {
        let all = try unrestricted(at: time, connection)
        guard let restriction else { return all }
        return "(SELECT * FROM \(all) WHERE \(restriction)) AS \(SQL.identifier(schema.name))"
    }

    private func unrestricted(at time: TimeTravel, _ connection: DatabaseConnection) throws(LakeError) -> String {
        let then = "\(name) AT (TIMESTAMP => \(time.sql))"
        let columns: [String]
        do {
            columns = try connection.query("SELECT * FROM \(then) LIMIT 0").columns.map { $0.name.lowercased() }
        } catch {
            if error.message.contains("No snapshot found") { throw try beforeHistory(time, connection) }
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

    /// The error for a time before all snapshots.
    private func beforeHistory(_ time: TimeTravel, _ connection: DatabaseConnection) throws(LakeError) -> LakeError {
        let snapshots = SQL.identifier(["__ducklake_metadata_\(Catalog.alias)", "ducklake_snapshot"])
        let first = try connection.query("SELECT epoch_us(min(snapshot_time)) FROM \(snapshots)").value?.integer
        let begin =
            first.map { " begins at \(TimeTravel(microseconds: Int64($0)).words)" } ?? " does not reach so far back"
        return .refused(
            "when",
            "the table \(schema.name) is not known as it was at \(time.words): its history\(begin). Ask for a later time; "
                + "snapshot_retention says how long the past is kept")
    }
}
