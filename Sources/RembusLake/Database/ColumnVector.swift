import CDuckDB

/// The values of one column in a chunk. Rows are numbered from 0. The bytes of a null row have no meaning.
package struct ColumnVector {
    private let handle: duckdb_vector?
    private let data: UnsafeMutableRawPointer?
    private let validity: UnsafeMutablePointer<UInt64>?
    let type: LogicalType
    /// Keeps the memory alive.
    private let owner: DataChunk

    init(_ handle: duckdb_vector?, type: LogicalType, owner: DataChunk) {
        self.handle = handle
        self.type = type
        self.owner = owner
        data = duckdb_vector_get_data(handle)
        validity = duckdb_vector_get_validity(handle)
    }

    /// Whether the row is null.
    package func isNull(_ row: Int) -> Bool {
        guard let validity else { return false }
        return validity[row >> 6] & (1 << (row & 63)) == 0
    }

    /// The value of a row in a column whose storage is `Value`, such as `UInt64` for `UBIGINT`. The type is not
    /// checked.
    package func load<Value: BitwiseCopyable>(_ row: Int, as: Value.Type = Value.self) -> Value? {
        guard !isNull(row), let data else { return nil }
        return data.load(fromByteOffset: row * MemoryLayout<Value>.stride, as: Value.self)
    }

    /// Calls `body` with the bytes of a text or blob; nil for a null. The bytes are valid as long as the chunk.
    package func withBytes<Result>(_ row: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        guard !isNull(row), let data else { return nil }
        let string = data + row * MemoryLayout<duckdb_string_t>.stride
        let length = Int(string.load(as: UInt32.self))
        // DuckDB stores up to 12 bytes in place, and longer ones behind a pointer.
        if length <= 12 { return body(UnsafeRawBufferPointer(start: string + 4, count: length)) }
        return body(
            UnsafeRawBufferPointer(start: string.load(fromByteOffset: 8, as: UnsafeRawPointer?.self), count: length))
    }

    /// The text of a row; nil for a null.
    package func text(_ row: Int) -> String? {
        withBytes(row) { String(decoding: $0, as: UTF8.self) }
    }

    /// The value of a row of any type. Intervals, zoned times, bit strings, big numbers and unions become null; a
    /// statement should cast them to `TEXT`.
    package func value(_ row: Int) -> DatabaseValue {
        guard !isNull(row) else { return .null }
        switch type.id {
        case DUCKDB_TYPE_BOOLEAN: return .bool(load(row, as: UInt8.self) == 1)
        case DUCKDB_TYPE_TINYINT, DUCKDB_TYPE_SMALLINT, DUCKDB_TYPE_INTEGER, DUCKDB_TYPE_BIGINT:
            return .integer(Int64(truncatingIfNeeded: integer(row, type.id)))
        case DUCKDB_TYPE_UTINYINT, DUCKDB_TYPE_USMALLINT, DUCKDB_TYPE_UINTEGER, DUCKDB_TYPE_UBIGINT:
            return .unsigned(UInt64(truncatingIfNeeded: integer(row, type.id)))
        case DUCKDB_TYPE_HUGEINT: return .hugeInteger(integer(row, type.id))
        case DUCKDB_TYPE_UHUGEINT: return .unsignedHugeInteger(UInt128(truncatingIfNeeded: integer(row, type.id)))
        case DUCKDB_TYPE_FLOAT: return .double(Double(load(row, as: Float.self) ?? 0))
        case DUCKDB_TYPE_DOUBLE: return .double(load(row) ?? 0)
        case DUCKDB_TYPE_VARCHAR: return .text(text(row) ?? "")
        case DUCKDB_TYPE_BLOB: return .blob(withBytes(row) { Array($0) } ?? [])
        case DUCKDB_TYPE_DATE: return .date(load(row) ?? 0)
        case DUCKDB_TYPE_TIME: return .time(load(row) ?? 0)
        case DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_TIMESTAMP_TZ: return .timestamp(load(row) ?? 0)
        case DUCKDB_TYPE_TIMESTAMP_S: return .timestamp((load(row, as: Int64.self) ?? 0) &* 1_000_000)
        case DUCKDB_TYPE_TIMESTAMP_MS: return .timestamp((load(row, as: Int64.self) ?? 0) &* 1_000)
        case DUCKDB_TYPE_TIMESTAMP_NS: return .timestamp((load(row, as: Int64.self) ?? 0) / 1_000)
        case DUCKDB_TYPE_DECIMAL:
            return .decimal(integer(row, type.decimal.storage), scale: type.decimal.scale)
        case DUCKDB_TYPE_ENUM:
            return .text(type.enumerationText(Int(truncatingIfNeeded: integer(row, type.enumerationStorage))))
        case DUCKDB_TYPE_UUID: return .text(uuid(row))
        default: return nested(row)
        }
    }

    private func integer(_ row: Int, _ storage: duckdb_type) -> Int128 {
        switch storage {
        case DUCKDB_TYPE_TINYINT: Int128(load(row, as: Int8.self) ?? 0)
        case DUCKDB_TYPE_SMALLINT: Int128(load(row, as: Int16.self) ?? 0)
        case DUCKDB_TYPE_INTEGER: Int128(load(row, as: Int32.self) ?? 0)
        case DUCKDB_TYPE_BIGINT: Int128(load(row, as: Int64.self) ?? 0)
        case DUCKDB_TYPE_UTINYINT: Int128(load(row, as: UInt8.self) ?? 0)
        case DUCKDB_TYPE_USMALLINT: Int128(load(row, as: UInt16.self) ?? 0)
        case DUCKDB_TYPE_UINTEGER: Int128(load(row, as: UInt32.self) ?? 0)
        case DUCKDB_TYPE_UBIGINT: Int128(load(row, as: UInt64.self) ?? 0)
        default: wide(row)
        }
    }

    /// The 16 bytes of a huge integer. They are read in two loads, because DuckDB aligns them to 8 bytes only.
    private func wide(_ row: Int) -> Int128 {
        guard let data else { return 0 }
        let low = data.load(fromByteOffset: row * 16, as: UInt64.self)
        let high = data.load(fromByteOffset: row * 16 + 8, as: Int64.self)
        return Int128(high) << 64 | Int128(low)
    }

    private func uuid(_ row: Int) -> String {
        // DuckDB inverts the first bit, so that UUIDs sort as their texts do.
        let bits = UInt128(truncatingIfNeeded: wide(row)) ^ (1 << 127)
        let digits = String(bits, radix: 16)
        var text = String(repeating: "0", count: 32 - digits.count) + digits
        for position in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: position)) }
        return text
    }

    private func nested(_ row: Int) -> DatabaseValue {
        switch type.id {
        case DUCKDB_TYPE_LIST, DUCKDB_TYPE_MAP:
            guard let entry = load(row, as: duckdb_list_entry.self) else { return .null }
            let child = duckdb_list_vector_get_child(handle)
            let range = Int(entry.offset)..<Int(entry.offset + entry.length)
            guard type.id == DUCKDB_TYPE_MAP else {
                let elements = ColumnVector(child, type: type.element, owner: owner)
                return .list(range.map { elements.value($0) })
            }
            return .list(range.map { structure(child, type.mapFields, $0) })
        case DUCKDB_TYPE_ARRAY:
            let elements = ColumnVector(duckdb_array_vector_get_child(handle), type: type.element, owner: owner)
            return .list((row * type.arrayCount..<(row + 1) * type.arrayCount).map { elements.value($0) })
        case DUCKDB_TYPE_STRUCT: return structure(handle, type.fields, row)
        default: return .null
        }
    }

    private func structure(
        _ vector: duckdb_vector?, _ fields: [(name: String, type: LogicalType)], _ row: Int
    ) -> DatabaseValue {
        .structure(
            fields.enumerated().map { index, field in
                let child = ColumnVector(
                    duckdb_struct_vector_get_child(vector, idx_t(index)), type: field.type, owner: owner)
                return .init(name: field.name, value: child.value(row))
            })
    }
}
