import CDuckDB

extension DatabaseValue {
    /// Calls `body` with DuckDB's object for this value; nil for a value that cannot be a parameter.
    func withParameter<Result>(_ body: (duckdb_value?) -> Result) -> Result {
        var value = makeParameter()
        defer { duckdb_destroy_value(&value) }
        return body(value)
    }

    private func makeParameter() -> duckdb_value? {
        switch self {
        case .null: return duckdb_create_null_value()
        case .bool(let value): return duckdb_create_bool(value)
        case .integer(let value): return duckdb_create_int64(value)
        case .unsigned(let value): return duckdb_create_uint64(value)
        case .hugeInteger(let value):
            return duckdb_create_hugeint(
                duckdb_hugeint(lower: UInt64(truncatingIfNeeded: value), upper: Int64(truncatingIfNeeded: value >> 64)))
        case .unsignedHugeInteger(let value):
            return duckdb_create_uhugeint(
                duckdb_uhugeint(
                    lower: UInt64(truncatingIfNeeded: value), upper: UInt64(truncatingIfNeeded: value >> 64)))
        case .double(let value): return duckdb_create_double(value)
        case .timestamp(let value): return duckdb_create_timestamp(duckdb_timestamp(micros: value))
        case .text(var text):
            // An empty text may have no address.
            guard !text.isEmpty else { return duckdb_create_varchar_length("", 0) }
            return text.withUTF8 { bytes in
                bytes.withMemoryRebound(to: CChar.self) {
                    duckdb_create_varchar_length($0.baseAddress, idx_t($0.count))
                }
            }
        case .blob(let bytes):
            return bytes.withUnsafeBufferPointer { duckdb_create_blob($0.baseAddress, idx_t($0.count)) }
        case .date, .time, .decimal, .list, .structure: return nil
        }
    }
}
