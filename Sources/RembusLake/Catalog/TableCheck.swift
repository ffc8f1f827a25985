import RembusTables

extension SystemTable {
    /// Throws for a table of an earlier broker that this one cannot write to. Further columns are accepted if they may
    /// be null.
    func check(_ existing: [Column]) throws(LakeError) {
        let differences = Column.differences(columns, existing, allowsMore: true)
        guard !differences.isEmpty else { return }
        throw LakeError(
            .invalid,
            "the catalog's system table \(rawValue) is not as this broker needs it: \(differences.joined(separator: "; "))"
        )
    }
}

extension TableSchema {
    /// Throws for a table with other columns than the schema, because tables are never altered (storage.md §2).
    func check(_ existing: [SystemTable.Column], in configuration: LakeConfiguration) throws(LakeError) {
        let wanted = allColumns.map { SystemTable.Column($0.name, $0.type.sql, null: $0.isNullable) }
        let differences = SystemTable.Column.differences(wanted, existing, allowsMore: false)
        guard !differences.isEmpty else { return }
        throw LakeError(
            .invalid,
            """
            the table \(name) in \(configuration.catalog) differs from the schema: \(differences.joined(separator: "; ")). \
            Tables are never altered: change the schema, or alter or rename the table while no broker runs
            """)
    }
}

extension SystemTable.Column {
    /// The differences of `existing` in words. Names are compared without regard to case, as in DuckDB.
    static func differences(_ wanted: [Self], _ existing: [Self], allowsMore: Bool) -> [String] {
        var differences: [String] = []
        for column in wanted {
            guard let found = existing.first(where: { $0.name.lowercased() == column.name.lowercased() }) else {
                differences.append("column \(column.name) is missing")
                continue
            }
            if !ColumnType.isSame(found.type, column.type) {
                differences.append("column \(column.name) is \(found.type), not \(column.type)")
            } else if column.isNullable, !found.isNullable {
                differences.append("column \(column.name) must not be null there")
            }
        }
        for column in existing
        where !wanted.contains(where: { $0.name.lowercased() == column.name.lowercased() })
            && !(allowsMore && column.isNullable)
        {
            differences.append("column \(column.name) is not in the schema")
        }
        return differences
    }
}
