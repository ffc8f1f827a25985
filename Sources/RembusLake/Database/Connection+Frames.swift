import CDuckDB
package import DataFrames

extension Connection {
    /// Runs one statement with values for its parameters and gives the whole result as a frame; see
    /// ``Statement/frame(_:timeout:maximumBytes:)``.
    package func frame(
        _ sql: String, _ parameters: [DatabaseValue] = [], timeout: Duration? = nil, maximumBytes: Int = .max
    ) throws(LakeError) -> DataFrame {
        try prepare(sql).frame(parameters, timeout: timeout, maximumBytes: maximumBytes)
    }

    /// Runs `statement` over the rows of a frame, which it sees as the table `name` with the frame's columns: an
    /// `INSERT … SELECT`, a `MERGE`, a `DELETE … USING`.
    ///
    /// DuckDB runs the statement once for every 204,800 rows or so, and not at all for a frame without rows; without a
    /// transaction around it a failure leaves the rows of the runs before it.
    ///
    /// - Throws: ``LakeError``; of the kind `conversion` when DuckDB does not know a type of the frame.
    package func run(_ statement: String, over frame: DataFrame, as name: String) throws(LakeError) {
        guard frame.rowCount > 0, frame.columnCount > 0 else { return }
        let chunks = try FrameChunks(frame, connection: self)
        let columns = zip(frame.columnNames, chunks.types).map { (name: $0, type: $1) }
        let appender = try Appender(self, statement: statement, table: name, columns: columns)
        while let next = try chunks.next() {
            var chunk: duckdb_data_chunk? = next
            defer { duckdb_destroy_data_chunk(&chunk) }
            try appender.append(next)
        }
        try appender.close()
    }
}
