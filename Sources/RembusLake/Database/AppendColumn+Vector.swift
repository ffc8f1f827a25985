import CDuckDB

extension AppendColumn {
    /// Writes the rows of a range to the beginning of a new vector.
    func write(_ rows: Range<Int>, to vector: duckdb_vector?) {
        if case .fields(let fields) = content {
            for (index, field) in fields.enumerated() {
                field.write(rows, to: duckdb_struct_vector_get_child(vector, idx_t(index)))
            }
            return writeValidity(rows, to: vector)
        }
        guard let data = duckdb_vector_get_data(vector) else { return }
        switch content {
        case .fixed(let values, let width):
            data.copyMemory(from: values + rows.lowerBound * width, byteCount: rows.count * width)
        case .bytes(let bytes, let offsets):
            Self.write(rows, bytes: bytes, offsets: offsets, to: data)
        case .elements(let columns, let offsets):
            Self.write(rows, elements: columns, offsets: offsets, to: data, of: vector)
        case .fields: break
        case .null:
            // Empty strings, in case anything reads the values of null rows.
            data.initializeMemory(as: UInt8.self, repeating: 0, count: rows.count)
            setValidity(of: vector, count: rows.count) { _ in 0 }
            return
        }
        writeValidity(rows, to: vector)
    }

    private func writeValidity(_ rows: Range<Int>, to vector: duckdb_vector?) {
        guard let validity, !rows.isEmpty else { return }
        setValidity(of: vector, count: rows.count) {
            Self.word(validity, at: rows.lowerBound + $0 * 64, rows.upperBound)
        }
    }

    private static func write(
        _ rows: Range<Int>, elements: [AppendColumn], offsets: UnsafePointer<Int>, to data: UnsafeMutableRawPointer,
        of vector: duckdb_vector?
    ) {
        let range = offsets[rows.lowerBound]..<offsets[rows.upperBound]
        let entries = data.assumingMemoryBound(to: duckdb_list_entry.self)
        for (index, row) in rows.enumerated() {
            entries[index] = duckdb_list_entry(
                offset: UInt64(offsets[row] - range.lowerBound), length: UInt64(offsets[row + 1] - offsets[row]))
        }
        duckdb_list_vector_reserve(vector, idx_t(range.count))
        duckdb_list_vector_set_size(vector, idx_t(range.count))
        guard !range.isEmpty else { return }
        let child = duckdb_list_vector_get_child(vector)
        guard elements.count == 2 else { return elements[0].write(range, to: child) }
        for (index, column) in elements.enumerated() {
            column.write(range, to: duckdb_struct_vector_get_child(child, idx_t(index)))
        }
    }

    /// DuckDB copies the strings when it takes the chunk. Until then the vector may point into the caller's bytes.
    private static func write(
        _ rows: Range<Int>, bytes: UnsafeRawPointer, offsets: UnsafePointer<Int>, to data: UnsafeMutableRawPointer
    ) {
        var string = data
        for row in rows {
            let start = bytes + offsets[row]
            let length = offsets[row + 1] - offsets[row]
            string.storeBytes(of: UInt32(truncatingIfNeeded: length), as: UInt32.self)
            if length <= 12 {
                // The bytes behind a short string must be zero, because DuckDB compares all twelve.
                string.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
                string.storeBytes(of: 0, toByteOffset: 8, as: UInt64.self)
                (string + 4).copyMemory(from: start, byteCount: length)
            } else {
                string.storeBytes(of: start.loadUnaligned(as: UInt32.self), toByteOffset: 4, as: UInt32.self)
                string.storeBytes(of: start, toByteOffset: 8, as: UnsafeRawPointer.self)
            }
            string += MemoryLayout<duckdb_string_t>.stride
        }
    }

    private func setValidity(of vector: duckdb_vector?, count: Int, _ word: (Int) -> UInt64) {
        duckdb_vector_ensure_validity_writable(vector)
        guard let words = duckdb_vector_get_validity(vector) else { return }
        for index in 0..<(count + 63) / 64 { words[index] = word(index) }
    }

    /// The 64 bits from bit `start` on. The last word is the one with bit `end - 1`.
    private static func word(_ words: UnsafePointer<UInt64>, at start: Int, _ end: Int) -> UInt64 {
        let shift = start & 63
        let low = words[start >> 6] >> shift
        guard shift > 0, (start >> 6) < (end - 1) >> 6 else { return low }
        return low | words[(start >> 6) + 1] << (64 - shift)
    }
}
