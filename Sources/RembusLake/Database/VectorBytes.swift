import CDuckDB

/// The bytes of a vector's values: what a function reads, and copies if it makes new values from them.
///
/// The vector must be flat, as those of fetched chunks and the arguments of our own functions are.
enum VectorBytes {
    /// The bytes of a value itself, without the text or list that it points to.
    static let perValue = 16

    /// The bytes of texts and blobs in the first `rows` values of such a column.
    static func texts(_ vector: duckdb_vector?, _ type: LogicalType, rows: Int) -> Int {
        guard [DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB].contains(type.id) else { return 0 }
        var bytes = 0
        forEach(vector, rows: rows) { _, text in bytes += text.count }
        return bytes
    }

    /// The bytes of the first `rows` values, including nested ones.
    static func count(_ vector: duckdb_vector?, _ type: LogicalType, rows: Int) -> Int {
        var bytes = rows * perValue
        switch type.id {
        case DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB, DUCKDB_TYPE_BIT, DUCKDB_TYPE_BIGNUM, DUCKDB_TYPE_GEOMETRY:
            forEach(vector, rows: rows) { _, text in bytes += text.count }
        case DUCKDB_TYPE_LIST:
            bytes += count(
                duckdb_list_vector_get_child(vector), type.element, rows: Int(duckdb_list_vector_get_size(vector)))
        case DUCKDB_TYPE_MAP:
            let (entries, size) = (duckdb_list_vector_get_child(vector), Int(duckdb_list_vector_get_size(vector)))
            bytes += fields(entries, type.mapFields.map(\.type), rows: size)
        case DUCKDB_TYPE_ARRAY:
            bytes += count(duckdb_array_vector_get_child(vector), type.element, rows: rows * type.arrayCount)
        case DUCKDB_TYPE_STRUCT: bytes += fields(vector, type.fields.map(\.type), rows: rows)
        // The first field of a union selects one of the others.
        case DUCKDB_TYPE_UNION: bytes += fields(vector, [nil] + type.members, rows: rows)
        default: break
        }
        return bytes
    }

    private static func fields(_ vector: duckdb_vector?, _ types: [LogicalType?], rows: Int) -> Int {
        types.enumerated().reduce(0) { bytes, field in
            guard let type = field.element else { return bytes + rows * perValue }
            return bytes + count(duckdb_struct_vector_get_child(vector, idx_t(field.offset)), type, rows: rows)
        }
    }

    /// Calls `body` with the number and the bytes of every text or blob that is not null.
    static func forEach(_ vector: duckdb_vector?, rows: Int, _ body: (Int, UnsafeRawBufferPointer) -> Void) {
        guard let data = duckdb_vector_get_data(vector) else { return }
        let validity = duckdb_vector_get_validity(vector)
        for row in 0..<rows {
            if let validity, validity[row >> 6] & (1 << (row & 63)) == 0 { continue }
            let string = data + row * MemoryLayout<duckdb_string_t>.stride
            let length = Int(string.load(as: UInt32.self))
            // DuckDB stores up to 12 bytes in place, and longer ones behind a pointer.
            let start =
                length <= 12 ? UnsafeRawPointer(string + 4) : string.load(fromByteOffset: 8, as: UnsafeRawPointer?.self)
            body(row, UnsafeRawBufferPointer(start: start, count: length))
        }
    }
}
