import CDuckDB
package import DataFrames

extension DatabaseConnection {
    /// Runs one statement with values for its parameters and returns the whole result as a dataframe; see
    /// ``Statement/frame(_:names:timeout:maximumBytes:)``.
    ///
    /// - Parameter plain: A statement whose column names are used for the dataframe; nil for those of `sql` itself.
    package func frame(
        _ sql: String, _ parameters: [DatabaseValue] = [], named plain: String? = nil, timeout: Duration? = nil,
        maximumBytes: Int = .max
    ) throws(LakeError) -> DataFrame {
        try whileLocked(for: timeout) { () throws(LakeError) in
            let names = try plain.map { plain throws(LakeError) in try prepare(plain).columnNames }
            var statement = try prepare(sql)
            if let columns = statement.readableColumns {
                statement = try prepare("SELECT \(columns) FROM (\(sql))")
            }
            return try statement.frame(parameters, names: names, timeout: timeout, maximumBytes: maximumBytes)
        }
    }

    /// Runs `statement` over the rows of a dataframe, which are the table `name` in it with the dataframe's columns: an
    /// `INSERT … SELECT`, a `MERGE`, or a `DELETE … USING`.
    ///
    /// DuckDB runs the statement once for about every 204,800 rows, and not at all for a dataframe without rows.
    /// Without a transaction around it, a failure leaves the rows of earlier runs.
    ///
    /// - Throws: ``LakeError``; of the kind `conversion` when DuckDB does not know a type of the dataframe.
    package func run(_ statement: String, over frame: DataFrame, as name: String) throws(LakeError) {
        try run(statement, over: RowSource(frame: frame, made: [], rowCount: frame.rowCount), as: name)
    }

    /// Runs `statement` over rows, as over those of a dataframe.
    func run(_ statement: String, over source: RowSource, as name: String) throws(LakeError) {
        guard source.rowCount > 0, !source.columnNames.isEmpty else { return }
        let chunks = try RowChunks(source, connection: self)
        let columns = zip(source.columnNames, chunks.types).map { (name: $0, type: $1) }
        let appender = try Appender(self, statement: statement, table: name, columns: columns)
        while try chunks.next({ chunk throws(LakeError) in
            guard let chunk else { return }
            try appender.append(chunk)
        }) {}
        try appender.close()
    }
}
