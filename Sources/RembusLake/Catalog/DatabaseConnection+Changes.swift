import Logging
import RembusTables

/// Changes of the schema for tables that exist already. Changes without a loss are made, all others are refused.
extension DatabaseConnection {
    /// Makes columns `NOT NULL` as the schema demands, if they contain no null.
    func requireValues(_ table: TableSchema, _ existing: [SystemTable.Column], logger: Logger) throws(LakeError) {
        for column in table.allColumns where !column.isNullable {
            guard let found = existing.first(where: { $0.name.lowercased() == column.name.lowercased() }),
                found.isNullable
            else { continue }
            let (name, target) = (SQL.identifier(column.name), Catalog.table(table.name))
            let nulls = try query("SELECT count(*) FROM \(target) WHERE \(name) IS NULL").value?.integer ?? 0
            guard nulls == 0 else {
                throw LakeError(
                    .invalid,
                    """
                    the column \(column.name) of the table \(table.name) has \(nulls) nulls, and the schema says "nullable": \
                    false. Give those rows a value or delete them while no broker runs, or change the schema
                    """)
            }
            try execute("ALTER TABLE \(target) ALTER COLUMN \(name) SET NOT NULL")
            logger.notice(
                "the column takes no nulls from now on, as the schema says", metadata: about(table, column.name))
        }
    }

    /// Throws when existing rows do not have unique keys. This is checked once for a set of keys, because later rows
    /// are merged by them.
    func requireUniqueKeys(_ table: TableSchema, logger: Logger) throws(LakeError) {
        let names = table.keys.map { table.columns[$0].name }
        let text = names.sorted().map { SQL.identifier($0.lowercased()) }.joined(separator: ",")
        let known = SystemTable.uniqueness.sql
        let recorded = try query("SELECT keys FROM \(known) WHERE name = ?", [.text(table.name)]).value?.text
        guard recorded ?? "" != text else { return }
        if !names.isEmpty { try checkUnique(table, names, logger) }
        if recorded != nil { _ = try query("DELETE FROM \(known) WHERE name = ?", [.text(table.name)]) }
        if !names.isEmpty {
            _ = try query("INSERT INTO \(known) VALUES (?, ?)", [.text(table.name), .text(text)])
        }
    }

    private func checkUnique(_ table: TableSchema, _ names: [String], _ logger: Logger) throws(LakeError) {
        let (target, list) = (Catalog.table(table.name), SQL.list(names))
        let words = names.joined(separator: ", ")
        let nulls = names.map { "\(SQL.identifier($0)) IS NULL" }.joined(separator: " OR ")
        let count = try query("SELECT count(*) FROM \(target) WHERE \(nulls)").value?.integer ?? 0
        if count > 0 {
            // The reference adds rows with a null key. They are kept, because no later row can match them.
            logger.warning(
                "rows of the table have null in a key and are never updated",
                metadata: about(table, "\(count) rows, key \(words)"))
        }
        let groups = "SELECT \(list) FROM \(target) WHERE NOT (\(nulls)) GROUP BY \(list) HAVING count(*) > 1"
        let row = try query("SELECT count(*), CAST(any_value(g) AS VARCHAR) FROM (\(groups)) AS g").rows.first
        guard let row, let duplicates = row[0].integer, duplicates > 0 else { return }
        throw LakeError(
            .invalid,
            """
            the table \(table.name) has \(duplicates) values of the key \(words) in more than one row, such as \
            \(row[1].text?.prefix(200) ?? ""). Leave one row of each while no broker runs, or change the keys in the schema
            """)
    }

    /// Makes new files of a table partitioned as the schema demands. Existing files stay as they are.
    func divide(_ table: TableSchema, as existing: [String], logger: Logger) throws(LakeError) {
        let wanted = table.partition.map { key in
            "\(key.transform.rawValue) \(table.allColumns[key.column].name.lowercased())"
        }
        guard wanted != existing else { return }
        let target = Catalog.table(table.name)
        if wanted.isEmpty {
            try execute("ALTER TABLE \(target) RESET PARTITIONED BY")
        } else {
            let keys = table.partition.map { $0.sql(in: table) }.joined(separator: ", ")
            try execute("ALTER TABLE \(target) SET PARTITIONED BY (\(keys))")
        }
        logger.notice(
            "new files of the table are divided as the schema says; older ones stay as they are",
            metadata: about(table, table.partition.map { $0.sql(in: table) }.joined(separator: ", ")))
    }

    /// The partitioning of every table, such as `day ts`.
    func partitions() throws(LakeError) -> [String: [String]] {
        let metadata = "__ducklake_metadata_\(Catalog.alias)"
        func name(_ table: String) -> String { SQL.identifier([metadata, table]) }
        let rows = try query(
            """
            SELECT t.table_name, p.transform, c.column_name
            FROM \(name("ducklake_partition_info")) AS i
            JOIN \(name("ducklake_partition_column")) AS p ON p.partition_id = i.partition_id AND p.table_id = i.table_id
            JOIN \(name("ducklake_table")) AS t ON t.table_id = i.table_id AND t.end_snapshot IS NULL
            JOIN \(name("ducklake_schema")) AS s ON s.schema_id = t.schema_id AND s.schema_name = '\(Catalog.schema)'
            JOIN \(name("ducklake_column")) AS c
                ON c.table_id = p.table_id AND c.column_id = p.column_id AND c.end_snapshot IS NULL
            WHERE i.end_snapshot IS NULL ORDER BY t.table_name, p.partition_key_index
            """
        ).rows
        var partitions: [String: [String]] = [:]
        for row in rows {
            guard let table = row[0].text, let transform = row[1].text, let column = row[2].text else { continue }
            partitions[table, default: []].append("\(transform) \(column.lowercased())")
        }
        return partitions
    }

    private func about(_ table: TableSchema, _ detail: String) -> Logger.Metadata {
        ["table": "\(table.name)", "detail": "\(detail)"]
    }
}
