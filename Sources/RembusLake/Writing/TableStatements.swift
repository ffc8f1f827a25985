package import RembusTables

/// The SQL that moves rows from a staging table to a table of the lake. All names are from the schema and quoted. Made
/// once for each table.
///
/// A staging table has the table's columns as `c0`, `c1`, … in the order of `allColumns`. For a keyed table it also has
/// `o`, the order of its rows, and `m0`, `m1`, …: bit `i % 64` of `m<i / 64>` is set when the row has payload column
/// `i` (storage.md §4.8).
package struct TableStatements: Sendable {
    private let table: TableSchema
    /// The table's name.
    var name: String { table.name }
    /// The table in the lake, quoted.
    package let target: String

    /// The statements for one table of the schema.
    package init(_ table: TableSchema) {
        self.table = table
        target = Catalog.table(table.name)
    }

    /// Whether the table has keys, so that rows are merged; otherwise they are appended.
    package var isKeyed: Bool { !table.keys.isEmpty }

    /// The number of mask columns in the staging table of a keyed table.
    package var maskCount: Int { isKeyed ? (table.columns.count + 63) / 64 : 0 }

    /// The names and types of the staging table's columns.
    package var stagingColumns: [(name: String, type: String)] {
        var columns = table.allColumns.indices.map { ("c\($0)", table.batchType($0).stagingSQL) }
        guard isKeyed else { return columns }
        columns.append(("o", "UBIGINT"))
        columns += (0..<maskCount).map { ("m\($0)", "UBIGINT") }
        return columns
    }

    /// Makes an empty staging table. Nulls that the table does not allow are refused when rows are added.
    package func createStaging(_ name: String) -> String {
        let definitions = stagingColumns.enumerated().map { index, column in
            let isRequired =
                index < table.allColumns.count && (!table.allColumns[index].isNullable || table.keys.contains(index))
            return "\(column.name) \(column.type)\(isRequired ? " NOT NULL" : "")"
        }
        return "CREATE OR REPLACE TEMP TABLE \(name) (\(definitions.joined(separator: ", ")))"
    }

    /// Writes the rows of `source` (a table, or a query in parentheses). In a keyed table the last row of a key counts.
    /// With `masked`, columns that no row of the key has stay unchanged.
    package func write(from source: String, masked: Bool) -> String {
        isKeyed ? merge(from: source, masked: masked) : insert(from: source)
    }

    /// Appends all rows.
    private func insert(from source: String) -> String {
        insert(table.allColumns.indices.map { value($0) }.joined(separator: ", "), from: source)
    }

    /// Appends the rows of these expressions, which are as those of a staging table.
    func append(_ values: String, from source: String) -> String {
        let names = table.allColumns.indices.map { "c\($0)" }.joined(separator: ", ")
        return insert(from: "(SELECT \(values) FROM \(source)) AS staged(\(names))")
    }

    private func insert(_ values: String, from source: String) -> String {
        "INSERT INTO \(target) (\(SQL.list(table.allColumns.map(\.name)))) SELECT \(values) FROM \(source)"
    }

    private func merge(from source: String, masked: Bool) -> String {
        let columns = table.allColumns
        let join = table.keys.map { "t.\(SQL.identifier(columns[$0].name)) = s.c\($0)" }.joined(separator: " AND ")
        let updates = columns.indices.filter { !table.keys.contains($0) }.map { index in
            let name = SQL.identifier(columns[index].name)
            guard masked, index < table.columns.count else { return "\(name) = s.c\(index)" }
            return "\(name) = CASE WHEN \(isMentioned(index, in: "s.")) THEN s.c\(index) ELSE t.\(name) END"
        }
        let names = SQL.list(columns.map(\.name))
        let values = columns.indices.map { "s.c\($0)" }.joined(separator: ", ")
        let update = updates.isEmpty ? "" : "WHEN MATCHED THEN UPDATE SET \(updates.joined(separator: ", ")) "
        return """
            MERGE INTO \(target) AS t USING (\(reduced(source, masked: masked))) AS s ON \(join) \
            \(update)WHEN NOT MATCHED THEN INSERT (\(names)) VALUES (\(values))
            """
    }

    /// One row for each key: in each column the newest value among the rows that have the column.
    private func reduced(_ source: String, masked: Bool) -> String {
        var values = table.allColumns.indices.map { index in
            if table.keys.contains(index) { return "\(value(index)) AS c\(index)" }
            let filter = masked && index < table.columns.count ? " FILTER (WHERE \(isMentioned(index, in: "")))" : ""
            return "arg_max_null(\(value(index)), o)\(filter) AS c\(index)"
        }
        if masked { values += (0..<maskCount).map { "bit_or(m\($0)) AS m\($0)" } }
        let keys = table.keys.map { "c\($0)" }.joined(separator: ", ")
        return "SELECT \(values.joined(separator: ", ")) FROM \(source) GROUP BY \(keys)"
    }

    private func isMentioned(_ column: Int, in prefix: String) -> String {
        "((\(prefix)m\(column / 64) & \(UInt64(1) << UInt64(column % 64))) <> 0)"
    }

    /// The staged value converted to the column's type.
    private func value(_ column: Int) -> String {
        if column == table.receivedAtColumn { return table.receiveTime("c\(column)") }
        let type = table.allColumns[column].type
        return type.castsInDatabase ? "CAST(c\(column) AS \(type.sql))" : "c\(column)"
    }
}
