package import RembusTables

/// The one table that a client's text may use.
package struct TableScope: Sendable {
    /// A name that is given to an expression with `AS`, and that other expressions may use.
    struct Alias: Sendable {
        var sql: String
        /// How many copies of a row its expression makes with each use.
        var made = 0
        var size: ValueSize
        var hasAggregate: Bool
        var hasWindow: Bool
        /// The SQL of its `unnest`; nil without one.
        var unnested: String?
    }

    /// The column of receive times.
    package struct ReceiveTime: Sendable {
        let column: String
        /// Whether it is a timestamp; otherwise it is nanoseconds since 1970.
        let isTimestamp: Bool

        package init(column: String, isTimestamp: Bool) {
            self.column = column
            self.isTimestamp = isTimestamp
        }
    }

    /// The table's name, which may precede the name of a column.
    let table: String
    /// The columns in their order.
    let columns: [String]
    private let quoted: [String: String]
    private let receiveTime: ReceiveTime?
    private let lengths: [String: ColumnLength]
    private var aliases: [String: Alias] = [:]
    /// The budget of the statement; nil where nothing is measured.
    var budget: QueryBudget?
    /// The SQL of the `unnest` in the same selection; nil without one.
    var element: String?

    /// The scope of a table with these columns. Their names differ by more than case, as DuckDB requires.
    ///
    /// - Parameter types: The columns' types in order, as far as they are known.
    package init(table: String, columns: [String], types: [ColumnType] = [], receiveTime: ReceiveTime? = nil) {
        self.table = table
        self.receiveTime = receiveTime
        self.columns = columns
        lengths = Dictionary(zip(columns.map { $0.lowercased() }, types.map { ColumnLength($0) })) { first, _ in first }
        quoted = Dictionary(columns.map { ($0.lowercased(), SQL.identifier($0)) }) { first, _ in first }
    }

    /// The quoted name of a column, which is looked up as DuckDB does.
    func column(_ name: String) -> String? { quoted[name.lowercased()] }

    /// How the length of a column's values is found; nil where its type is not known.
    func length(_ name: String) -> ColumnLength? { lengths[name.lowercased()] }

    /// The receive time, if the column contains it.
    func receiveTime(_ name: String) -> ReceiveTime? {
        receiveTime.flatMap { $0.column.lowercased() == name.lowercased() ? $0 : nil }
    }

    /// The expression of a name that is given with `AS`.
    func alias(_ name: String) -> Alias? { aliases[name.lowercased()] }

    /// Makes a name that is given with `AS` available to expressions.
    mutating func add(
        _ name: String, size: ValueSize, made: Int, hasAggregate: Bool, hasWindow: Bool, unnested: String? = nil
    ) {
        aliases[name.lowercased()] = Alias(
            sql: SQL.identifier(name), made: made, size: size, hasAggregate: hasAggregate, hasWindow: hasWindow,
            unnested: unnested)
    }

    func isTable(_ name: String) -> Bool {
        name == SyntaxTree.table || name.lowercased() == table.lowercased()
    }

    /// The columns for a message, shortened.
    var listing: String {
        let shown = 20
        let names = columns.prefix(shown).joined(separator: ", ")
        return columns.count > shown ? "\(names), …" : names
    }
}
