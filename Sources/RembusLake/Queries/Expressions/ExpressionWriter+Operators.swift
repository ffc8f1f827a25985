import RembusWire

extension ExpressionWriter {
    mutating func comparison(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let operators = [
            "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
            "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
            "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
        ]
        guard let symbol = operators[node.type] else { throw refusal("this comparison is not allowed") }
        let left = try written(child(node, "left"), depth: depth + 1).sql
        let right = try written(child(node, "right"), depth: depth + 1).sql
        return Written(sql: "(\(left) \(symbol) \(right))", size: .fixed)
    }

    mutating func conjunction(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let word =
            switch node.type {
            case "CONJUNCTION_AND": "AND"
            case "CONJUNCTION_OR": "OR"
            default: throw refusal("this kind of expression is not allowed")
            }
        let operands = try children(node, depth)
        guard operands.count > 1 else { throw refusal("the expression is not complete") }
        return Written(sql: "(\(operands.map(\.sql).joined(separator: " \(word) ")))", size: .fixed)
    }

    mutating func operation(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        if node.type == "ARRAY_SLICE" { return try slice(node, depth) }
        let operands = try children(node, depth)
        guard let first = operands.first else { throw refusal("the expression is not complete") }
        let rest = operands.dropFirst().map(\.sql).joined(separator: ", ")
        let part = ValueSize.largest(operands.map(\.size))
        switch (node.type, operands.count) {
        case ("OPERATOR_NOT", 1): return Written(sql: "(NOT \(first.sql))", size: .fixed)
        case ("OPERATOR_IS_NULL", 1): return Written(sql: "(\(first.sql) IS NULL)", size: .fixed)
        case ("OPERATOR_IS_NOT_NULL", 1): return Written(sql: "(\(first.sql) IS NOT NULL)", size: .fixed)
        case ("COMPARE_IN", 2...): return Written(sql: "(\(first.sql) IN (\(rest)))", size: .fixed)
        case ("COMPARE_NOT_IN", 2...): return Written(sql: "(\(first.sql) NOT IN (\(rest)))", size: .fixed)
        case ("OPERATOR_COALESCE", _):
            return Written(sql: "coalesce(\(operands.map(\.sql).joined(separator: ", ")))", size: part)
        case ("OPERATOR_TRY", 1): return Written(sql: "TRY(\(first.sql))", size: first.size)
        case ("ARRAY_EXTRACT", 2):
            try refuseCaptured(operands, "[]")
            return Written(sql: "(\(first.sql))[\(rest)]", size: first.size)
        case ("STRUCT_EXTRACT", 2):
            guard operands[1].literal != nil else { throw refusal("a field is named by a literal") }
            return Written(sql: "struct_extract(\(first.sql), \(rest))", size: first.size)
        case ("ARRAY_CONSTRUCTOR", _):
            try refuseCaptured(operands, "[…]")
            let list = operands.map(\.sql).joined(separator: ", ")
            try make(.sum(operands.map(\.size)))
            return Written(sql: "list_value(\(list))", size: .sum(operands.map(\.size)))
        case ("GROUPING_FUNCTION", _):
            guard aggregates.find() else { throw refusal("GROUPING is not allowed here") }
            return Written(sql: "GROUPING(\(operands.map(\.sql).joined(separator: ", ")))", size: .fixed)
        default: throw refusal("this operator is not allowed")
        }
    }

    /// Writes `list[from:to]` and `list[from:to:step]`. The parser gives a missing bound as an empty list.
    private mutating func slice(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let nodes = node.nodes("children") ?? []
        guard (3...4).contains(nodes.count) else { throw refusal("the expression is not complete") }
        copying += 1
        defer { copying -= 1 }
        let whole = try written(nodes[0], depth: depth + 1)
        try refuseCaptured([whole], "[:]")
        try make(whole.size)
        var bounds: [String] = []
        for (index, bound) in nodes.dropFirst().enumerated() {
            if bound.expressionClass == "CONSTANT", bound.node("value")?.node("type")?.text("id") == "LIST" {
                // Between colons a missing bound is written as a hyphen.
                bounds.append(index == 1 && nodes.count == 4 ? "-" : "")
            } else {
                bounds.append(try written(bound, depth: depth + 1).sql)
            }
        }
        return Written(sql: "(\(whole.sql))[\(bounds.joined(separator: " : "))]", size: whole.size)
    }

    mutating func between(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let input = try written(child(node, "input"), depth: depth + 1).sql
        let lower = try written(child(node, "lower"), depth: depth + 1).sql
        let upper = try written(child(node, "upper"), depth: depth + 1).sql
        return Written(sql: "(\(input) BETWEEN \(lower) AND \(upper))", size: .fixed)
    }

    mutating func choice(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        var text = "(CASE"
        var sizes: [ValueSize] = []
        for check in node.nodes("case_checks") ?? [] {
            let condition = try written(child(check, "when_expr"), depth: depth + 1)
            let value = try written(child(check, "then_expr"), depth: depth + 1)
            text += " WHEN \(condition.sql) THEN \(value.sql)"
            sizes.append(value.size)
        }
        let value = try written(child(node, "else_expr"), depth: depth + 1)
        return Written(sql: text + " ELSE \(value.sql) END)", size: .largest(sizes + [value.size]))
    }

    mutating func cast(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let word = node.flag("try_cast") == true ? "TRY_CAST" : "CAST"
        let type = try CastType(child(node, "cast_type"), of: key)
        var isCopying = false
        if case .times = type.growth { isCopying = true }
        if isCopying { copying += 1 }
        defer { if isCopying { copying -= 1 } }
        var value = try written(child(node, "child"), depth: depth + 1)
        if isCopying { try make(type.size(of: value.size)) }
        if type.isTime { value = timestamp(value) }
        if case .times = type.growth { try refuseCaptured([value], "CAST") }
        return Written(sql: "\(word)(\(value.sql) AS \(type.sql))", size: type.size(of: value.size))
    }

    mutating func collation(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        guard let name = node.text("collation")?.lowercased(), ["nocase", "noaccent", "nfc", "binary"].contains(name)
        else { throw refusal("only the collations nocase, noaccent, nfc and binary are allowed") }
        copying += 1
        defer { copying -= 1 }
        var value = try written(child(node, "child"), depth: depth + 1)
        try make(value.size, weight: 2)
        if let budget = scope.budget, ["noaccent", "nfc"].contains(name) {
            value.sql = budget.text(.squareBeyondASCII, weight: 100, value.sql, anchor: anchor)
        }
        return Written(sql: "(\(value.sql) COLLATE \(name))", size: value.size)
    }

    /// Writes `json -> path`, which the parser takes for a lambda.
    mutating func arrow(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        copying += 1
        defer { copying -= 1 }
        let document = try written(child(node, "lhs"), depth: depth + 1)
        let path = try written(child(node, "expr"), depth: depth + 1)
        let size = try size(of: .path, "->", [document, path])
        try make(.sum([size, document.size.times(8)]))
        return Written(sql: "json_extract(\(document.sql), \(path.sql))", size: size)
    }

    /// Writes `COLUMNS(*)`, `COLUMNS('pattern')` and `COLUMNS(['a', 'b'])`. The expression is repeated for each of the
    /// columns.
    mutating func severalColumns(_ node: SyntaxNode) throws(LakeError) -> Written {
        let options = ["replace_list", "qualified_exclude_list", "rename_list", "exclude_list"]
        guard node.flag("columns") == true, options.allSatisfy({ node.isEmpty($0) }),
            ["", SyntaxTree.table].contains(node.text("relation_name")), columns.find()
        else { throw refusal("* is not allowed here") }
        guard scope.element == nil else { throw refusal("beside unnest, name the columns instead of COLUMNS") }
        scope.budget?.repeats(scope.columns.count)
        guard let choice = node.node("expr") else { return Written(sql: try measured("COLUMNS(*)"), size: .column) }
        let list = choice.text("function_name") == "list_value" ? choice.nodes("children") ?? [] : [choice]
        var names: [String] = []
        for item in list {
            guard case .text(let text)? = try? constant(item).literal else {
                throw refusal("COLUMNS takes *, a pattern or a list of names")
            }
            names.append(SQL.literal(text))
        }
        let isList = choice.text("function_name") == "list_value"
        let sql = isList ? "COLUMNS([\(names.joined(separator: ", "))])" : "COLUMNS(\(names.joined()))"
        return Written(sql: try measured(sql), size: .column)
    }
}
