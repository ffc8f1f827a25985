import DataFrames
import RembusTables

/// Writes rows from memory to a table of the lake without a staging table, which costs a third less. When the database
/// refuses rows, the batch is staged after all, where they can be found.
///
/// Used on the writer's thread only, inside of its transaction.
struct DirectInsert {
    /// The name of the rows in the statement.
    static let source = "batch"

    private let statement: String
    private let columns: [(name: String, type: LogicalType)]

    /// - Parameters:
    ///   - statement: An `INSERT … SELECT … FROM batch`.
    ///   - columns: The names and types of the rows' columns, as in `CREATE TABLE`.
    init(_ connection: DatabaseConnection, _ statement: String, columns: [(name: String, type: String)])
        throws(LakeError)
    {
        self.statement = statement
        let types = columns.map { "CAST(NULL AS \($0.type))" }.joined(separator: ", ")
        let result = try connection.query("SELECT \(types) LIMIT 0")
        self.columns = zip(columns, result.columns).map { ($0.name, $1.type) }
    }

    /// Inserts the rows in pieces of 204,800, each of which becomes a file.
    func run(_ connection: DatabaseConnection, _ values: [AppendColumn], rows: Int) throws(LakeError) {
        guard rows > 0 else { return }
        let appender = try Appender(connection, statement: statement, table: Self.source, columns: columns)
        try appender.append(values, rows: 0..<rows)
        try appender.close()
    }
}

/// The inserts for tables that can be written to without staging.
struct DirectInserts {
    let messages: DirectInsert
    let sources: DirectInsert
    /// By the table's number in the schema, for tables without keys.
    let tables: [Int: DirectInsert]

    init(_ connection: DatabaseConnection, name: String, statements: [TableStatements]) throws(LakeError) {
        let name = SQL.literal(name)
        let source = DirectInsert.source
        messages = try DirectInsert(
            connection,
            """
            INSERT INTO \(SystemTable.message.sql) (name, recv, slot, qos, uid, topic, data)
            SELECT \(name), recv, slot, qos, uid, topic, data FROM \(source)
            """, columns: SystemTable.message.columns.dropFirst().map { ($0.name, $0.type) })
        sources = try DirectInsert(
            connection,
            """
            INSERT INTO \(SystemTable.messageSource.sql) (name, recv, publisher, tenant)
            SELECT \(name), recv, publisher, tenant FROM \(source)
            """, columns: SystemTable.messageSource.columns.dropFirst().map { ($0.name, $0.type) })
        var tables: [Int: DirectInsert] = [:]
        for (table, statements) in statements.enumerated() where !statements.isKeyed {
            tables[table] = try DirectInsert(
                connection, statements.write(from: source, masked: false), columns: statements.stagingColumns)
        }
        self.tables = tables
    }
}
