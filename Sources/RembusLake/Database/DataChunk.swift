import CDuckDB

/// Up to 2048 rows of a result, column by column.
package final class DataChunk {
    private(set) var handle: duckdb_data_chunk?
    private let types: [LogicalType]

    /// The number of rows.
    package let count: Int

    init(consuming handle: duckdb_data_chunk, types: [LogicalType]) {
        self.handle = handle
        self.types = types
        count = Int(duckdb_data_chunk_get_size(handle))
    }

    deinit {
        duckdb_destroy_data_chunk(&handle)
    }

    /// A column of the chunk, valid as long as the chunk.
    package subscript(column: Int) -> ColumnVector {
        ColumnVector(duckdb_data_chunk_get_vector(handle, idx_t(column)), type: types[column], owner: self)
    }
}
