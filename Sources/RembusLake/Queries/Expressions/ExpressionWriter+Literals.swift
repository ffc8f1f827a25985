import RembusWire

extension ExpressionWriter {
    /// Writes a constant as SQL with the same type and value.
    func constant(_ node: SyntaxNode) throws(LakeError) -> Written {
        let constant = try child(node, "value")
        guard let type = constant.node("type"), let id = type.text("id") else {
            throw refusal("a literal has no type")
        }
        if constant.flag("is_null") == true { return Written(sql: "NULL", size: .fixed) }
        guard let value = constant.value["value"] else { throw refusal("a literal has no value") }
        switch id {
        case "BOOLEAN":
            guard let truth = value.boolValue else { throw refusal("a truth value is not readable") }
            return Written(sql: truth ? "true" : "false", size: .fixed)
        case "VARCHAR":
            guard let text = value.stringValue else { throw refusal("a text is not readable") }
            return Written(
                sql: SQL.literal(text), size: ValueSize(bytes: text.utf8.count), literal: .text(text))
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT",
            "UHUGEINT":
            return try integer(value, id)
        case "FLOAT", "DOUBLE":
            guard let number = value.doubleValue else { throw refusal("a number is not readable") }
            return Written(sql: "CAST('\(number)' AS \(id))", size: .fixed)
        case "DECIMAL":
            let text = try decimal(value, type)
            return Written(
                sql: "CAST(\(SQL.literal(text)) AS \(try CastType(type, of: key).sql))", size: .fixed)
        default: throw refusal("a literal of the type \(id) is not allowed")
        }
    }

    private func integer(_ value: Value, _ id: String) throws(LakeError) -> Written {
        let digits = try digits(value)
        // Integers are written as the client has, so that a column without a name gets the same name from DuckDB.
        let isPlain = ["INTEGER", "BIGINT"].contains(id) && !digits.hasPrefix("-")
        let sql = isPlain ? digits : "CAST(\(SQL.literal(digits)) AS \(id))"
        return Written(sql: sql, size: .fixed, literal: Int64(digits).map(Value.integer))
    }

    /// The digits of an integer. The parser gives those of 128 bits in two halves.
    private func digits(_ value: Value) throws(LakeError) -> String {
        switch value {
        case .integer(let number): return "\(number)"
        case .unsigned(let number): return "\(number)"
        default:
            guard let lower = value["lower"]?.uintValue, let upper = value["upper"] else {
                throw refusal("a number is not readable")
            }
            if let high = upper.uintValue { return "\(UInt128(high) << 64 | UInt128(lower))" }
            guard let high = upper.intValue else { throw refusal("a number is not readable") }
            return "\(Int128(high) << 64 | Int128(lower))"
        }
    }

    private func decimal(_ value: Value, _ type: SyntaxNode) throws(LakeError) -> String {
        let scale = type.node("type_info")?.value["scale"]?.intValue ?? 0
        let text = try digits(value)
        guard scale > 0, scale <= 38 else { return text }
        let sign = text.hasPrefix("-") ? "-" : ""
        let digits = text.drop { $0 == "-" }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }
}
