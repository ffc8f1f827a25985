import CDuckDB

/// The values of one column for ``Appender``, in the caller's memory and DuckDB's layout. The memory must exist until
/// the call returns.
package struct AppendColumn {
    /// The form of the values.
    package enum Content {
        /// Values of the column's own width, one after the other.
        case fixed(UnsafeRawPointer, width: Int)
        /// Texts (valid UTF-8, which is not checked here) or blobs. Row `r` has the bytes from `offsets[r]` up to
        /// `offsets[r + 1]`.
        case bytes(UnsafeRawPointer, offsets: UnsafePointer<Int>)
        /// Lists. Row `r` has the elements from `offsets[r]` up to `offsets[r + 1]`. A map has two columns of elements:
        /// keys and values.
        case elements([AppendColumn], offsets: UnsafePointer<Int>)
        /// Structures. Row `r` has row `r` of every field.
        case fields([AppendColumn])
        /// Null in every row.
        case null
    }

    package var content: Content
    /// One bit for each row, the least significant first, 1 for a value; nil when no row is null.
    package var validity: UnsafePointer<UInt64>?

    package init(_ content: Content, validity: UnsafePointer<UInt64>? = nil) {
        self.content = content
        self.validity = validity
    }
}

/// Adds rows to a table from columns in memory, 2048 rows at a time, without copying each value.
///
/// Rows are in the table after ``close()``. Rows that were not flushed are dropped with the appender.
package final class Appender {
    private var handle: duckdb_appender?
    private var chunk: duckdb_data_chunk?
    private let types: [LogicalType]
    private let capacity = Int(duckdb_vector_size())
    private let connection: DatabaseConnection

    /// Appends to a table. `columns` names the columns of the rows, in order; nil for all. The other columns get their
    /// defaults.
    package convenience init(
        _ connection: DatabaseConnection, catalog: String? = nil, schema: String? = nil, table: String,
        columns: [String]? = nil
    ) throws(LakeError) {
        var handle: duckdb_appender?
        var state = duckdb_appender_create_ext(connection.handle, catalog, schema, table, &handle)
        for column in columns ?? [] where state == DuckDBSuccess {
            state = duckdb_appender_add_column(handle, column)
        }
        try self.init(connection, consuming: handle, state)
    }

    /// Runs `statement` for each batch of rows, which are the table `name` in it: an `INSERT … SELECT`, a `MERGE`, or a
    /// `DELETE … USING`. `columns` describes the rows.
    convenience init(
        _ connection: DatabaseConnection, statement: String, table name: String,
        columns: [(name: String, type: LogicalType)]
    ) throws(LakeError) {
        var handle: duckdb_appender?
        var types = columns.map(\.type.handle)
        let state = CStrings.with(columns.map(\.name)) { names in
            duckdb_appender_create_query(
                connection.handle, statement, idx_t(columns.count), &types, name, names, &handle)
        }
        try self.init(connection, consuming: handle, state)
    }

    private init(
        _ connection: DatabaseConnection, consuming handle: duckdb_appender?, _ state: duckdb_state
    ) throws(LakeError) {
        self.connection = connection
        self.handle = handle
        types =
            state != DuckDBSuccess
            ? []
            : (0..<duckdb_appender_column_count(handle)).map {
                LogicalType(consuming: duckdb_appender_column_type(handle, $0))
            }
        try check(state)
        var handles = types.map(\.handle)
        chunk = duckdb_create_data_chunk(&handles, idx_t(handles.count))
    }

    deinit {
        duckdb_destroy_data_chunk(&chunk)
        // Destroying the appender flushes it, but rows that its owner has not closed are not wanted.
        duckdb_appender_clear(handle)
        duckdb_appender_destroy(&handle)
    }

    /// The number of columns of each row.
    package var columnCount: Int { types.count }

    /// Adds the rows in a range of the columns. Stops at the first error; rows that were added before stay pending.
    package func append(_ columns: [AppendColumn], rows: Range<Int>) throws(LakeError) {
        guard columns.count == types.count else {
            throw LakeError(.invalid, "\(columns.count) columns for a table of \(types.count)")
        }
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: capacity) {
            let slice = start..<min(start + capacity, rows.upperBound)
            duckdb_data_chunk_reset(chunk)
            for (index, column) in columns.enumerated() {
                column.write(slice, to: duckdb_data_chunk_get_vector(chunk, idx_t(index)))
            }
            duckdb_data_chunk_set_size(chunk, idx_t(slice.count))
            try check(duckdb_append_data_chunk(handle, chunk))
        }
    }

    /// Adds the rows of a chunk with the same types.
    func append(_ chunk: duckdb_data_chunk) throws(LakeError) {
        try check(duckdb_append_data_chunk(handle, chunk))
    }

    /// Writes the pending rows into the table.
    package func flush() throws(LakeError) {
        try check(duckdb_appender_flush(handle))
    }

    /// Writes the pending rows into the table and ends the appender.
    package func close() throws(LakeError) {
        try check(duckdb_appender_close(handle))
    }

    private func check(_ state: duckdb_state) throws(LakeError) {
        guard state != DuckDBSuccess else { return }
        throw LakeError(consuming: duckdb_appender_error_data(handle)) ?? LakeError(.other, "the rows are refused")
    }
}
