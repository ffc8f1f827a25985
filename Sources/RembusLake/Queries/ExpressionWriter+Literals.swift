import RembusWire

extension ExpressionWriter {
    /// A constant as SQL that has the same type and value.
    func literal(_ node: SyntaxNode) throws(LakeError) -> String {
        let constant = try child(node, "value")
        guard let type = constant.node("type"), let id = type.text("id") else {
            throw refusal("a literal has no type")
        }
        if constant.flag("is_null") == true { return "NULL" }
        guard let value = constant.value["value"] else { throw refusal("a literal has no value") }
        switch id {
        case "BOOLEAN":
            guard let truth = value.boolValue else { throw refusal("a truth value is not readable") }
            return truth ? "true" : "false"
        case "VARCHAR":
            guard let text = value.stringValue else { throw refusal("a text is not readable") }
            return SQL.literal(text)
        case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT",
            "UHUGEINT":
            return "CAST(\(SQL.literal(try integer(value))) AS \(id))"
        case "FLOAT", "DOUBLE":
            guard let number = value.doubleValue else { throw refusal("a number is not readable") }
            return "CAST('\(number)' AS \(id))"
        case "DECIMAL":
            return "CAST(\(SQL.literal(try decimal(value, type))) AS \(try self.type(type)))"
        default: throw refusal("a literal of the type \(id) is not allowed")
        }
    }

    /// The target of a cast: a scalar type.
    func type(_ node: SyntaxNode) throws(LakeError) -> String {
        guard let id = node.text("id") else { throw refusal("a type has no name") }
        if id == "DECIMAL", let info = node.node("type_info") {
            guard let width = info.value["width"]?.intValue, let scale = info.value["scale"]?.intValue,
                (1...38).contains(width), (0...width).contains(scale)
            else { throw refusal("a DECIMAL has a wrong width or scale") }
            return "DECIMAL(\(width),\(scale))"
        }
        guard Self.castTypes.contains(id), node.node("type_info") == nil else {
            let name = node.node("type_info")?.text("name") ?? id
            throw refusal("a cast to \(name) is not allowed")
        }
        return id
    }

    private static let castTypes: Set<String> = [
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
        "UBIGINT",
        "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR", "BLOB", "UUID", "DATE", "TIME", "TIME WITH TIME ZONE",
        "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "INTERVAL",
    ]

    /// The digits of an integer; those of 128 bits come in two halves.
    private func integer(_ value: Value) throws(LakeError) -> String {
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
        let text = try integer(value)
        guard scale > 0, scale <= 38 else { return text }
        let sign = text.hasPrefix("-") ? "-" : ""
        let digits = text.drop { $0 == "-" }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }
}
