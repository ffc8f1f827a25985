import CDuckDB

extension AppendColumn {
    /// Writes the rows of a slice into the beginning of a fresh vector.
    func write(_ rows: Range<Int>, to vector: duckdb_vector?) {
        guard let data = duckdb_vector_get_data(vector) else { return }
        switch content {
        case .fixed(let values, let width):
            data.copyMemory(from: values + rows.lowerBound * width, byteCount: rows.count * width)
        case .bytes(let bytes, let offsets):
            Self.write(rows, bytes: bytes, offsets: offsets, to: data)
        case .null:
            // Strings of no bytes, should anything look at them behind the null.
            data.initializeMemory(as: UInt8.self, repeating: 0, count: rows.count)
            setValidity(of: vector, count: rows.count) { _ in 0 }
            return
        }
        guard let validity else { return }
        setValidity(of: vector, count: rows.count) {
            Self.word(validity, at: rows.lowerBound + $0 * 64, rows.upperBound)
        }
    }

    /// DuckDB copies the strings when it takes the chunk, so the vector may point into the caller's bytes until then.
    private static func write(
        _ rows: Range<Int>, bytes: UnsafeRawPointer, offsets: UnsafePointer<Int>, to data: UnsafeMutableRawPointer
    ) {
        var string = data
        for row in rows {
            let start = bytes + offsets[row]
            let length = offsets[row + 1] - offsets[row]
            string.storeBytes(of: UInt32(truncatingIfNeeded: length), as: UInt32.self)
            if length <= 12 {
                // The bytes behind a short string must be zero: DuckDB compares all twelve.
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

    /// The 64 bits from bit `start` on; the words end with the one that holds bit `end - 1`.
    private static func word(_ words: UnsafePointer<UInt64>, at start: Int, _ end: Int) -> UInt64 {
        let shift = start & 63
        let low = words[start >> 6] >> shift
        guard shift > 0, (start >> 6) < (end - 1) >> 6 else { return low }
        return low | words[(start >> 6) + 1] << (64 - shift)
    }
}
