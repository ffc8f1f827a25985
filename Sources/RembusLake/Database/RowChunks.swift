import CDuckDB
import DataFrames

/// The rows of a source as DuckDB's data chunks. Columns of a dataframe share its memory as far as DuckDB can.
final class RowChunks {
    private let source: RowSource
    private let frames: FrameChunks?
    private let columns: [AppendColumn]
    private let capacity = Int(duckdb_vector_size())
    private var row = 0

    /// The types that the columns have in DuckDB, those of the dataframe first.
    let types: [LogicalType]

    init(_ source: RowSource, connection: DatabaseConnection) throws(LakeError) {
        self.source = source
        frames = source.frame.columnCount > 0 ? try FrameChunks(source.frame, connection: connection) : nil
        columns = source.made.map { AppendColumn($0.buffer) }
        var types = frames?.types ?? []
        if !source.made.isEmpty {
            let casts = source.made.map { "CAST(NULL AS \($0.type))" }.joined(separator: ", ")
            types += try connection.query("SELECT \(casts) LIMIT 0").columns.map(\.type)
        }
        self.types = types
    }

    /// Calls `body` with the next rows. Returns false at the end.
    func next(_ body: (duckdb_data_chunk?) throws(LakeError) -> Void) throws(LakeError) -> Bool {
        guard row < source.rowCount else { return false }
        var frameChunk = try frames?.next()
        defer { duckdb_destroy_data_chunk(&frameChunk) }
        let count = frameChunk.map { Int(duckdb_data_chunk_get_size($0)) } ?? min(capacity, source.rowCount - row)
        guard count > 0 else { return false }
        defer { row += count }
        guard !columns.isEmpty else {
            try body(frameChunk)
            return true
        }
        var handles = types.map(\.handle)
        var chunk = duckdb_create_data_chunk(&handles, idx_t(handles.count))
        defer { duckdb_destroy_data_chunk(&chunk) }
        let frameCount = types.count - columns.count
        for index in 0..<frameCount {
            duckdb_vector_reference_vector(
                duckdb_data_chunk_get_vector(chunk, idx_t(index)),
                duckdb_data_chunk_get_vector(frameChunk, idx_t(index)))
        }
        for (index, column) in columns.enumerated() {
            column.write(row..<row + count, to: duckdb_data_chunk_get_vector(chunk, idx_t(frameCount + index)))
        }
        duckdb_data_chunk_set_size(chunk, idx_t(count))
        try body(chunk)
        return true
    }
}
