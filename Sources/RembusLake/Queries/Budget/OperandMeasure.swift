import CDuckDB

/// Measures of the operands of a function.
enum OperandMeasure {
    static func amount(_ measure: QueryBudget.Measure, _ operands: [duckdb_vector?], rows: Int) -> Int {
        switch measure {
        case .held, .kept:
            return operands.reduce(0) { sum, operand in
                sum + VectorBytes.count(operand, type(of: operand), rows: rows)
            }
        case .lengths: return operands.reduce(0) { sum, operand in adding(sum, numbers(operand, rows)) }
        case .scanned: return sum(operands, rows) { $0.count }
        case .square: return sum(operands, rows) { Self.square($0.count) }
        case .squareBeyondASCII:
            return sum(operands, rows) { text in text.allSatisfy { $0 < 0x80 } ? 0 : Self.square(text.count) }
        case .product: return product(operands, rows: rows)
        case .nesting:
            var deepest = 0
            for operand in texts(operands) {
                VectorBytes.forEach(operand, rows: rows) { _, text in deepest = max(deepest, nesting(text)) }
            }
            return deepest
        }
    }

    private static func type(of vector: duckdb_vector?) -> LogicalType {
        LogicalType(consuming: duckdb_vector_get_column_type(vector))
    }

    /// The operands that are texts or blobs.
    private static func texts(_ operands: [duckdb_vector?]) -> [duckdb_vector?] {
        operands.filter { [DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_BLOB].contains(type(of: $0).id) }
    }

    private static func sum(
        _ operands: [duckdb_vector?], _ rows: Int, _ part: (UnsafeRawBufferPointer) -> Int
    ) -> Int {
        var sum = 0
        for operand in texts(operands) {
            VectorBytes.forEach(operand, rows: rows) { _, text in sum = adding(sum, part(text)) }
        }
        return sum
    }

    /// The sum of integers.
    private static func numbers(_ vector: duckdb_vector?, _ rows: Int) -> Int {
        guard type(of: vector).id == DUCKDB_TYPE_BIGINT, let data = duckdb_vector_get_data(vector) else { return 0 }
        let validity = duckdb_vector_get_validity(vector)
        let values = data.assumingMemoryBound(to: Int64.self)
        var sum = 0
        for row in 0..<rows {
            if let validity, validity[row >> 6] & (1 << (row & 63)) == 0 { continue }
            sum = adding(sum, Int(values[row]))
        }
        return sum
    }

    private static func product(_ operands: [duckdb_vector?], rows: Int) -> Int {
        var products = [Int](repeating: 1, count: rows)
        for operand in texts(operands) {
            VectorBytes.forEach(operand, rows: rows) { row, text in
                let (product, overflows) = products[row].multipliedReportingOverflow(by: max(1, text.count))
                products[row] = overflows ? .max : product
            }
        }
        return products.reduce(0, adding)
    }

    private static func square(_ count: Int) -> Int {
        let (square, overflows) = count.multipliedReportingOverflow(by: count)
        return overflows ? .max : square
    }

    private static func adding(_ sum: Int, _ part: Int) -> Int {
        let (sum, overflows) = sum.addingReportingOverflow(part)
        return overflows ? .max : sum
    }

    /// The deepest nesting of arrays and objects in a JSON text.
    private static func nesting(_ text: UnsafeRawBufferPointer) -> Int {
        var (depth, deepest) = (0, 0)
        var isText = false
        var isEscaped = false
        for byte in text {
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
        return deepest
    }
}
