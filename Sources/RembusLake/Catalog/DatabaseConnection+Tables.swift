import Logging
import RembusTables

extension DatabaseConnection {
    /// Creates missing tables, in one transaction, and checks existing ones.
    func makeTables(
        _ schema: StoreSchema, _ configuration: LakeConfiguration, logger: Logger
    ) throws(LakeError) {
        try retryingWhenLocked(logger) { () throws(LakeError) in
            let existing = try existingColumns()
            let divisions = try partitions()
            let hadProgress = existing[SystemTable.progress.rawValue] != nil
            try transaction { () throws(LakeError) in
                for table in SystemTable.allCases {
                    if var columns = existing[table.rawValue] {
                        if table == .rejected { columns += try addMissing(to: table, columns) }
                        try table.check(columns)
                    } else {
                        try create(table.rawValue, table.columns.map(\.definition))
                    }
                }
                for table in schema.tables {
                    if let columns = existing[table.name] {
                        try table.check(columns, in: configuration)
                        try requireValues(table, columns, logger: logger)
                        try divide(table, as: divisions[table.name] ?? [], logger: logger)
                    } else {
                        try create(table)
                    }
                    try requireUniqueKeys(table, logger: logger)
                }
            }
            // A row for each partition and batch must not become a file of its own. Settings of a table require it to
            // be committed.
            if !hadProgress {
                let table = SQL.literal(SystemTable.progress.rawValue)
                try execute("CALL \(Catalog.alias).set_option('data_inlining_row_limit', 64, table_name => \(table))")
                // A merge makes files up to this size, which limits how long batches wait for it.
                try execute("CALL \(Catalog.alias).set_option('target_file_size', '128MB')")
            }
        }
    }

    /// Adds columns that a table of an earlier version lacks.
    private func addMissing(
        to table: SystemTable, _ existing: [SystemTable.Column]
    ) throws(LakeError) -> [SystemTable.Column] {
        let missing = table.columns.filter { column in
            column.isNullable && !existing.contains { $0.name.lowercased() == column.name }
        }
        for column in missing { try execute("ALTER TABLE \(table.sql) ADD COLUMN \(column.definition)") }
        return missing
    }

    private func create(_ name: String, _ definitions: [String]) throws(LakeError) {
        try execute("CREATE TABLE \(Catalog.table(name)) (\(definitions.joined(separator: ", ")))")
    }

    /// Rows are appended in the order in which they were received, and files are merged with their neighbours. So every
    /// file covers a period of time without being sorted. `SET SORTED BY` would sort each insert again, which costs a
    /// third of it.
    private func create(_ table: TableSchema) throws(LakeError) {
        do {
            try create(table.name, table.allColumns.map(\.definition))
            if !table.partition.isEmpty {
                let keys = table.partition.map { $0.sql(in: table) }.joined(separator: ", ")
                try execute("ALTER TABLE \(Catalog.table(table.name)) SET PARTITIONED BY (\(keys))")
            }
        } catch {
            throw LakeError(error.kind, "the table \(table.name) cannot be made: \(error.message)")
        }
    }

    /// The columns of all tables of the catalog, in order.
    private func existingColumns() throws(LakeError) -> [String: [SystemTable.Column]] {
        let rows = try query(
            """
            SELECT table_name, column_name, data_type, is_nullable FROM duckdb_columns()
            WHERE database_name = '\(Catalog.alias)' AND schema_name = '\(Catalog.schema)'
            ORDER BY table_name, column_index
            """)
        var tables: [String: [SystemTable.Column]] = [:]
        for row in rows.rows {
            guard let table = row[0].text, let name = row[1].text, let type = row[2].text else { continue }
            tables[table, default: []].append(SystemTable.Column(name, type, null: row[3] == true))
        }
        return tables
    }
}

extension ColumnSchema {
    /// The column in `CREATE TABLE`.
    var definition: String {
        let rule = isNullable ? "" : " NOT NULL"
        return "\(SQL.identifier(name)) \(type.sql)\(rule)\(defaultLiteral.map { " DEFAULT \($0)" } ?? "")"
    }
}
