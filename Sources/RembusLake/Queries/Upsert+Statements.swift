import DataFrames
import RembusStore

extension Upsert {
    /// Rows of one call, before they are merged.
    private static let staging = "temp.main.upsert_rows"
    /// What statements call the frame.
    private static let source = "upsert_frame"

    /// Writes the rows in one transaction.
    func run(_ connection: Connection, timeout: Duration) throws(LakeError) {
        let received = WallClock.nanoseconds
        try connection.transaction { () throws(LakeError) in
            if table.schema.keys.isEmpty {
                return try connection.run(insert(received), over: frame, as: Self.source)
            }
            try connection.execute("CREATE OR REPLACE TEMP TABLE upsert_rows (\(definitions))")
            try connection.run(
                "INSERT INTO \(Self.staging) SELECT \(casts) FROM \(Self.source)", over: frame, as: Self.source)
            try checkKeys(connection)
            try connection.execute(merge(received), timeout: timeout)
            try connection.execute("DROP TABLE \(Self.staging)")
        }
    }

    /// The columns that rows have, by their position in the table.
    private var given: [Int] {
        table.schema.allColumns.indices.filter { frame[table.schema.allColumns[$0].name] != nil }
    }

    private var definitions: String {
        given.map { "c\($0) \(table.schema.allColumns[$0].type.sql)" }.joined(separator: ", ")
    }

    private var casts: String { given.map(cast).joined(separator: ", ") }

    /// A column of the frame in the type of the table's.
    private func cast(_ index: Int) -> String {
        let column = table.schema.allColumns[index]
        let name = SQL.identifier(column.name)
        let isText = frame[column.name].map { $0.type.isText } ?? false
        switch column.type {
        case .timestamp, .timestampS, .timestampMS:
            // A cast of text to a plain timestamp would drop its offset from UTC.
            return isText
                ? "CAST(CAST(\(name) AS TIMESTAMPTZ) AS \(column.type.sql))" : "CAST(\(name) AS \(column.type.sql))"
        default: return "CAST(\(name) AS \(column.type.sql))"
        }
    }

    private func checkKeys(_ connection: Connection) throws(LakeError) {
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

    // MARK: - SQL

    private var columnNames: String { SQL.list(table.schema.allColumns.map(\.name)) }

    /// What a new row gets in a column that is not given.
    private func filler(_ index: Int, _ received: UInt64) -> String {
        let column = table.schema.allColumns[index]
        if index == table.schema.receivedAtColumn { return "CAST(\(received) AS UBIGINT)" }
        guard let value = column.defaultValue, let text = try? UpsertRecords.text(value, column) else { return "NULL" }
        return "CAST(\(SQL.literal(text)) AS \(column.type.sql))"
    }

    private func insert(_ received: UInt64) -> String {
        let given = Set(given)
        let values = table.schema.allColumns.indices.map { given.contains($0) ? cast($0) : filler($0, received) }
        return "INSERT INTO \(table.name) (\(columnNames)) SELECT \(values.joined(separator: ", ")) FROM \(Self.source)"
    }

    /// The rows of the call are taken one after the other, the last one of a key last; the numbers of the staging table's
    /// rows are in their order.
    private func merge(_ received: UInt64) -> String {
        let schema = table.schema
        let (keys, given) = (Set(schema.keys), Set(given))
        let reduced = given.sorted().map { index in
            if keys.contains(index) { return "c\(index)" }
            return writesNulls
                ? "arg_max_null(c\(index), rowid) AS c\(index)"
                : "arg_max(c\(index), rowid) FILTER (WHERE c\(index) IS NOT NULL) AS c\(index)"
        }
        let join = schema.keys.map { "t.\(SQL.identifier(schema.columns[$0].name)) = s.c\($0)" }.joined(
            separator: " AND ")
        let updates = schema.allColumns.indices.compactMap { index -> String? in
            if keys.contains(index) { return nil }
            let name = SQL.identifier(schema.allColumns[index].name)
            if given.contains(index) {
                return "\(name) = \(writesNulls ? "s.c\(index)" : "coalesce(s.c\(index), t.\(name))")"
            }
            return writesNulls || index == schema.receivedAtColumn ? "\(name) = \(filler(index, received))" : nil
        }
        let values = schema.allColumns.indices.map { index in
            guard given.contains(index) else { return filler(index, received) }
            return writesNulls || keys.contains(index)
                ? "s.c\(index)" : "coalesce(s.c\(index), \(filler(index, received)))"
        }
        let update = updates.isEmpty ? "" : "WHEN MATCHED THEN UPDATE SET \(updates.joined(separator: ", ")) "
        return """
            MERGE INTO \(table.name) AS t USING (SELECT \(reduced.joined(separator: ", ")) FROM \(Self.staging) \
            GROUP BY \(schema.keys.map { "c\($0)" }.joined(separator: ", "))) AS s ON \(join) \
            \(update)WHEN NOT MATCHED THEN INSERT (\(columnNames)) VALUES (\(values.joined(separator: ", ")))
            """
    }
}
