import RembusTables

/// Finds texts that cannot be keys. DuckLake looks for the files with a key with the text of a statement, which cannot
/// contain a NUL.
struct KeyTexts {
    private let columns: [(index: Int, name: String)]

    /// nil for a table without texts among its keys.
    init?(_ table: TableSchema) {
        columns = table.keys.filter { table.allColumns[$0].type == .varchar }.map { ($0, table.allColumns[$0].name) }
        guard !columns.isEmpty else { return nil }
    }

    /// True for rows, with columns named `c<position in the table>`, that cannot be stored.
    var misfits: String {
        "coalesce(\(columns.map { "contains(c\($0.index), chr(0))" }.joined(separator: " OR ")), false)"
    }

    var reason: RejectReason {
        RejectReason(
            .cannotCast,
            "A key (\(columns.map(\.name).joined(separator: ", "))) has a NUL in it, which no key can have.")
    }
}
