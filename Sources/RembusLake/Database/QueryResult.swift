import CDuckDB

/// The whole result of a statement, in DuckDB's chunks of columns. Must not be used by two threads at the same time.
package final class QueryResult {
    /// A column of the result.
    package struct Column {
        package let name: String
        let type: LogicalType
    }

    private(set) var handle: duckdb_result
    package let columns: [Column]

    /// The number of rows that an `INSERT`, `UPDATE`, `DELETE` or `MERGE` has changed.
    package let changedRowCount: Int

    /// The rows in chunks of at most 2048. They are fetched when they are first asked for.
    package private(set) lazy var chunks: [DataChunk] = {
        var chunks: [DataChunk] = []
        while let chunk = duckdb_fetch_chunk(handle) {
            chunks.append(DataChunk(consuming: chunk, types: columns.map(\.type)))
        }
        return chunks
    }()

    init(consuming result: duckdb_result) {
        handle = result
        var result = result
        columns = Self.columns(of: &result)
        changedRowCount = Int(clamping: duckdb_rows_changed(&result))
    }

    static func columns(of result: inout duckdb_result) -> [Column] {
        (0..<duckdb_column_count(&result)).map { index in
            Column(
                name: duckdb_column_name(&result, index).map { String(cString: $0) } ?? "",
                type: LogicalType(consuming: duckdb_column_logical_type(&result, index)))
        }
    }

    deinit {
        duckdb_destroy_result(&handle)
    }

    /// The number of rows.
    package var rowCount: Int { chunks.reduce(0) { $0 + $1.count } }

    /// All rows as values, for small results.
    package var rows: [[DatabaseValue]] {
        chunks.flatMap { chunk in
            (0..<chunk.count).map { row in columns.indices.map { chunk[$0].value(row) } }
        }
    }

    /// The value of the first column of the first row; nil without a row.
    package var value: DatabaseValue? {
        guard !columns.isEmpty, let chunk = chunks.first, chunk.count > 0 else { return nil }
        return chunk[0].value(0)
    }
}
