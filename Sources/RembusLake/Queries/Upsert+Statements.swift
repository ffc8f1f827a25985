import RembusSupport
import RembusTables

extension Upsert {
    /// The table for the rows of one call, before they are merged.
    private static let staging = "temp.main.upsert_rows"
    /// The name of the dataframe in statements.
    private static let source = "upsert_frame"

    /// Writes the rows in one transaction.
    func run(_ connection: DatabaseConnection, timeout: Duration) throws(LakeError) {
        let received = WallClock.nanoseconds()
        try connection.transaction { () throws(LakeError) in
            if table.schema.keys.isEmpty {
                return try connection.run(insert(received), over: rows.source, as: Self.source)
            }
            try connection.execute("CREATE OR REPLACE TEMP TABLE upsert_rows (\(definitions))")
            try connection.run(
                "INSERT INTO \(Self.staging) SELECT \(casts) FROM \(Self.source)", over: rows.source, as: Self.source)
            try checkKeys(connection)
            try checkTexts(connection)
            try connection.execute(merge(received), timeout: timeout)
            try connection.execute("DROP TABLE \(Self.staging)")
        }
    }

    /// The columns that the rows have, followed by the defaults.
    private var staged: [(name: String, type: ColumnType)] {
        rows.given.map { ("c\($0)", table.schema.allColumns[$0].type) }
            + rows.defaults.map { ("d\($0)", table.schema.allColumns[$0].type) }
    }

    private var definitions: String { staged.map { "\($0.name) \($0.type.sql)" }.joined(separator: ", ") }

    private var casts: String { staged.map { "CAST(\($0.name) AS \($0.type.sql))" }.joined(separator: ", ") }

    private func checkKeys(_ connection: DatabaseConnection) throws(LakeError) {
        for key in table.schema.keys {
            let count = try connection.query("SELECT count(*) FROM \(Self.staging) WHERE c\(key) IS NULL").value?
                .integer
            if count != 0 {
                throw LakeError(
                    .constraint,
                    "upsert failed: the key column \(table.schema.columns[key].name) is null in \(count ?? 0) rows")
            }
        }
    }

    private func checkTexts(_ connection: DatabaseConnection) throws(LakeError) {
        guard let texts = KeyTexts(table.schema) else { return }
        let count = try connection.query("SELECT count(*) FROM \(Self.staging) WHERE \(texts.misfits)").value?.integer
        if count != 0 { throw LakeError(.constraint, "upsert failed: \(texts.reason.message)") }
    }

    // MARK: - SQL

    private var columnNames: String { SQL.list(table.schema.allColumns.map(\.name)) }

    /// The value of a new row in a column that is not given. `prefix` precedes the name of a default.
    private func filler(_ index: Int, _ received: UInt64, _ prefix: String) -> String {
        if index == table.schema.receivedAtColumn {
            return table.schema.receiveTime("CAST(\(received) AS UBIGINT)")
        }
        return rows.defaults.contains(index) ? "\(prefix)d\(index)" : "NULL"
    }

    private func insert(_ received: UInt64) -> String {
        let given = Set(rows.given)
        let values = table.schema.allColumns.indices.map { index in
            let value = given.contains(index) ? "c\(index)" : filler(index, received, "")
            return "CAST(\(value) AS \(table.schema.allColumns[index].type.sql))"
        }
        return "INSERT INTO \(table.name) (\(columnNames)) SELECT \(values.joined(separator: ", ")) FROM \(Self.source)"
    }

    /// The rows of the call are merged in order, so the last one with a key counts. The numbers of the staging table's
    /// rows are in that order.
    private func merge(_ received: UInt64) -> String {
        let schema = table.schema
        let (keys, given) = (Set(schema.keys), Set(rows.given))
        var reduced = given.sorted().map { index in
            if keys.contains(index) { return "c\(index)" }
            return writesNulls
                ? "arg_max_null(c\(index), rowid) AS c\(index)"
                : "arg_max(c\(index), rowid) FILTER (WHERE c\(index) IS NOT NULL) AS c\(index)"
        }
        reduced += rows.defaults.map { "first(d\($0)) AS d\($0)" }
        let join = schema.keys.map { "t.\(SQL.identifier(schema.columns[$0].name)) = s.c\($0)" }.joined(
            separator: " AND ")
        let updates = schema.allColumns.indices.compactMap { index -> String? in
            if keys.contains(index) { return nil }
            let name = SQL.identifier(schema.allColumns[index].name)
            if given.contains(index) {
                return "\(name) = \(writesNulls ? "s.c\(index)" : "coalesce(s.c\(index), t.\(name))")"
            }
            return writesNulls || index == schema.receivedAtColumn ? "\(name) = \(filler(index, received, "s."))" : nil
        }
        let values = schema.allColumns.indices.map { index in
            guard given.contains(index) else { return filler(index, received, "s.") }
            return writesNulls || keys.contains(index)
                ? "s.c\(index)" : "coalesce(s.c\(index), \(filler(index, received, "s.")))"
        }
        let update = updates.isEmpty ? "" : "WHEN MATCHED THEN UPDATE SET \(updates.joined(separator: ", ")) "
        return """
            MERGE INTO \(table.name) AS t USING (SELECT \(reduced.joined(separator: ", ")) FROM \(Self.staging) \
            GROUP BY \(schema.keys.map { "c\($0)" }.joined(separator: ", "))) AS s ON \(join) \
            \(update)WHEN NOT MATCHED THEN INSERT (\(columnNames)) VALUES (\(values.joined(separator: ", ")))
            """
    }
}
