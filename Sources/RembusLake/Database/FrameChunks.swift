import CArrowData
import CDuckDB
import CDuckDBLoader
import DataFrames

/// A dataframe as DuckDB's data chunks of at most 2048 rows. They share the dataframe's memory as far as DuckDB can.
final class FrameChunks {
    private let frame: DataFrame
    private let connection: DatabaseConnection
    private var schema: duckdb_arrow_converted_schema?
    private let capacity = Int(duckdb_vector_size())
    private var row = 0

    /// The types that the columns have in DuckDB.
    private(set) var types: [LogicalType] = []

    init(_ frame: DataFrame, connection: DatabaseConnection) throws(LakeError) {
        self.frame = frame
        self.connection = connection
        var description = ArrowSchema()
        frame.schema.export(to: &description)
        defer { description.release?(&description) }
        let failure = rembus_duckdb_schema_from_arrow(connection.handle, &description, &schema)
        if let error = LakeError(consuming: OpaqueError.take(failure), context: "the dataframe") { throw error }
        // The types are known from a chunk only. An empty one has them too.
        var empty: duckdb_data_chunk? = try chunk(of: 0..<0)
        defer { duckdb_destroy_data_chunk(&empty) }
        types = frame.columns.indices.map {
            LogicalType(consuming: duckdb_vector_get_column_type(duckdb_data_chunk_get_vector(empty, idx_t($0))))
        }
    }

    deinit {
        duckdb_destroy_arrow_converted_schema(&schema)
    }

    /// The next rows, which the caller has to destroy; nil at the end.
    func next() throws(LakeError) -> duckdb_data_chunk? {
        guard row < frame.rowCount else { return nil }
        // A chunk ends where a piece of a column ends, so that pieces need not be joined.
        let end = frame.columns.reduce(min(row + capacity, frame.rowCount)) { end, column in
            let (piece, inside) = column.locate(row)
            return min(end, row + piece.length - inside)
        }
        defer { row = end }
        return try chunk(of: row..<end)
    }

    private func chunk(of rows: Range<Int>) throws(LakeError) -> duckdb_data_chunk? {
        let structure = try LakeError.wrapping { () throws(DataFrameError) in
            try Column("", structureOf: frame.slice(rows).columns).combined()
        }
        var array = ArrowArray()
        structure.export(to: &array)
        // DuckDB takes the array over and leaves nothing to release, unless it fails.
        defer { array.release?(&array) }
        var chunk: duckdb_data_chunk?
        let failure = rembus_duckdb_chunk_from_arrow(connection.handle, &array, schema, &chunk)
        if let error = LakeError(consuming: OpaqueError.take(failure), context: "the dataframe") { throw error }
        return chunk
    }
}
