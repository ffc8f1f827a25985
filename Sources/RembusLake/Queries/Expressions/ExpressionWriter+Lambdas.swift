import RembusWire

/// The parameters of a lambda.
struct LambdaParameters {
    /// By the client's name in lower case: the name in the generated SQL, and the size of its value.
    var names: [String: (sql: String, size: ValueSize)] = [:]
}

extension ExpressionWriter {
    /// The parameter with this name of a lambda around the expression; nil when there is none. One of an outer lambda
    /// is captured by the innermost.
    func parameter(_ name: String) -> Written? {
        let name = name.lowercased()
        for (index, lambda) in lambdas.enumerated().reversed() {
            guard let found = lambda.names[name] else { continue }
            var size = found.size
            size.isCaptured = index < lambdas.count - 1
            return Written(sql: found.sql, size: size)
        }
        return nil
    }

    /// Writes `list_transform(list, lambda x: …)` and similar functions; nil when the function takes no lambda.
    mutating func lambda(
        _ name: String, _ rule: FunctionRule, _ nodes: [SyntaxNode], _ depth: Int
    ) throws(LakeError) -> Written? {
        switch rule.growth {
        case .transformed, .filtered, .reduced: break
        // What looks like a lambda is `json -> path` there.
        default: return nil
        }
        copying += 1
        defer { copying -= 1 }
        let list = try written(nodes[0], depth: depth + 1)
        try refuseCaptured([list], name)
        let initial = try all(Array(nodes.dropFirst(2)), depth)
        try refuseCaptured(initial, name)
        guard initial.count <= (rule.growth == .reduced ? 1 : 0) else {
            throw refusal("\(name) has too many arguments")
        }
        let names = try parameterNames(child(nodes[1], "lhs"))
        var element = ValueSize.column
        element.bytes = 64
        // The index is the last parameter; in `reduce` it is behind the result so far and the element.
        let values = rule.growth == .reduced ? 2 : 1
        var parameters = LambdaParameters()
        var texts: [String] = []
        for (index, name) in names.enumerated() {
            let sql = unusedName(lambdas.count, index)
            texts.append(sql)
            parameters.names[name] = (sql, index < values ? element : .fixed)
        }
        guard parameters.names.count == names.count, (values...values + 1).contains(names.count) else {
            throw refusal("a lambda of \(name) has \(values) or \(values + 1) parameters")
        }
        let outside = anchor
        defer { anchor = outside }
        lambdas.append(parameters)
        defer { lambdas.removeLast() }
        var body = try written(child(nodes[1], "expr"), depth: depth + 1)
        // Nested lambdas run very often for one row. Each time it is checked whether the statement has to end.
        body.sql = guarded(body.sql, scope.budget?.condition(.scanned, weight: 1, [texts[0]], anchor: texts[0]))
        if body.size.isCaptured, rule.growth != .filtered { try refuseCaptured([body], name) }
        // The value that `reduce` makes from two values is one of the two in the next turn.
        if rule.growth == .reduced, body.size.copies > 1 {
            throw refusal("what a lambda of \(name) makes must not be larger than what it is given")
        }
        let rest = initial.isEmpty ? "" : ", \(initial[0].sql)"
        let size =
            switch rule.growth {
            case .filtered: list.size
            case .reduced: ValueSize.sum([list.size] + initial.map(\.size))
            default: list.size.mapped(to: ValueSize(copies: body.size.copies, bytes: body.size.bytes - 64))
            }
        try make(size)
        return Written(
            sql: "\(Functions.quoted(name))(\(list.sql), lambda \(texts.joined(separator: ", ")): \(body.sql)\(rest))",
            size: size)
    }

    /// Reads `x`, or `(x, i)`, which is a row for the parser.
    private func parameterNames(_ node: SyntaxNode) throws(LakeError) -> [String] {
        let nodes = node.text("function_name") == "row" ? node.nodes("children") ?? [] : [node]
        var names: [String] = []
        for node in nodes {
            guard node.expressionClass == "COLUMN_REF",
                let parts = node.value["column_names"]?.arrayValue?.compactMap(\.stringValue), parts.count == 1
            else { throw refusal("the parameters of a lambda are names") }
            names.append(parts[0].lowercased())
        }
        return names
    }

    /// A name for the generated SQL that no column has.
    private func unusedName(_ level: Int, _ index: Int) -> String {
        var name = "p\(level)_\(index)"
        while scope.column(name) != nil || scope.alias(name) != nil { name += "_" }
        return name
    }
}
