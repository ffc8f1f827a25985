import RembusWire

extension ExpressionWriter {
    /// Writes a call of a function or the use of an operator.
    mutating func call(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let name = node.text("function_name")?.lowercased() ?? ""
        guard let rule = Functions.rule(name) else { throw refusal("the function \(name) is not allowed") }
        // The parser itself puts some functions into the schema `main`.
        guard ["", "main"].contains(node.text("schema")), node.isEmpty("catalog") else {
            throw refusal("the function \(name) must not be qualified")
        }
        guard node.flag("export_state") == false else { throw refusal("EXPORT_STATE is not allowed") }
        switch rule.kind {
        case .aggregate, .macroAggregate: return try aggregate(node, name, rule, depth)
        case .window: throw refusal("the function \(name) needs OVER (…)")
        case .rows:
            guard lambdas.isEmpty, !isInAggregate, unnesting.find() else {
                throw refusal("the function \(name) is not allowed here")
            }
        case .scalar, .symbol: break
        }
        guard node.isEmpty("filter"), node.node("order_bys")?.isEmpty("orders") == true, node.flag("distinct") == false
        else { throw refusal("FILTER, ORDER BY and DISTINCT are not allowed in the call of \(name)") }
        let nodes = node.nodes("children") ?? []
        if nodes.count >= 2, nodes[1].expressionClass == "LAMBDA", let lambda = try lambda(name, rule, nodes, depth) {
            return lambda
        }
        let isCopying = Self.isCopying(name, rule)
        if isCopying { copying += 1 }
        defer { if isCopying { copying -= 1 } }
        if Functions.naming.contains(name) { return try naming(name, nodes, depth) }
        let wasInUnnest = isInUnnest
        if rule.kind == .rows { isInUnnest = true }
        defer { isInUnnest = wasInUnnest }
        let arguments = times(name, try all(nodes, depth))
        if case .pattern(let kind) = rule.growth { return try pattern(name, kind, arguments) }
        let size = try size(of: rule.growth, name, arguments)
        if isCopying { try make(size) }
        let (operands, condition) = try bounded(name, arguments)
        if rule.kind == .symbol {
            return Written(sql: guarded(try operation(name, operands), condition), size: size)
        }
        let list = rule.growth == .quadratic ? short(operands, of: name) : operands.map(\.sql)
        let sql = guarded("\(Functions.quoted(name))(\(list.joined(separator: ", ")))", condition)
        if rule.kind == .rows { unnested = sql }
        return Written(sql: sql, size: size, literal: name == "list_value" ? Self.literals(arguments) : nil)
    }

    /// A list of literals as one literal, such as a list of paths.
    private static func literals(_ arguments: [Written]) -> Value? {
        let values = arguments.compactMap(\.literal)
        return values.count == arguments.count ? .array(values) : nil
    }

    private func operation(_ symbol: String, _ operands: [Written]) throws(LakeError) -> String {
        switch operands.count {
        case 1 where symbol == "!__postfix": return "factorial(\(operands[0].sql))"
        case 1: return "(\(symbol) \(operands[0].sql))"
        case 2: return "(\(operands[0].sql) \(symbol) \(operands[1].sql))"
        default: throw refusal("the operator \(symbol) has \(operands.count) operands")
        }
    }

    /// Writes `struct_pack(a := 1)`, which is the parser's form of `{'a': 1}`, and similar functions.
    private mutating func naming(
        _ name: String, _ nodes: [SyntaxNode], _ depth: Int
    ) throws(LakeError) -> Written {
        var texts: [String] = []
        var sizes: [ValueSize] = []
        for node in nodes {
            var plain = node
            plain.dropAlias()
            let value = try written(plain, depth: depth + 1)
            texts.append(node.alias.isEmpty ? value.sql : "\(SQL.identifier(node.alias)) := \(value.sql)")
            sizes.append(value.size)
            try refuseCaptured([value], name)
        }
        try make(.sum(sizes))
        return Written(sql: "\(Functions.quoted(name))(\(texts.joined(separator: ", ")))", size: .sum(sizes))
    }

    /// The arguments of a function whose time grows with the product of their lengths, each with a check. DuckDB cannot
    /// stop such a function within a row.
    private func short(_ arguments: [Written], of name: String) -> [String] {
        let limit = 4096
        return arguments.map { argument in
            if argument.literal != nil { return argument.sql }
            let message = SQL.literal("\(name) takes texts of at most \(limit) bytes")
            return "CASE WHEN strlen(\(argument.sql)) > \(limit) THEN error(\(message)) ELSE \(argument.sql) END"
        }
    }

    // MARK: - Aggregates

    private mutating func aggregate(
        _ node: SyntaxNode, _ name: String, _ rule: FunctionRule, _ depth: Int
    ) throws(LakeError) -> Written {
        guard lambdas.isEmpty, aggregates.find() else { throw refusal("the aggregate \(name) is not allowed here") }
        guard !isInAggregate else { throw refusal("the aggregate \(name) is inside of another one") }
        isInAggregate = true
        // A function that makes new values from an aggregate makes none from its arguments.
        let outside = copying
        copying = 0
        anchor = nil
        defer { (isInAggregate, copying) = (false, outside) }
        var arguments = try children(node, depth)
        let orders = try self.orders(node.node("order_bys")?.nodes("orders") ?? [], depth)
        let filter = try node.node("filter").map { filter throws(LakeError) in
            try written(filter, depth: depth + 1).sql
        }
        let isDistinct = node.flag("distinct") == true
        if rule.kind == .macroAggregate, isDistinct || filter != nil || !orders.isEmpty {
            throw refusal("FILTER, ORDER BY and DISTINCT are not allowed in the call of \(name)")
        }
        if name == "count_star" {
            anchor = nil
            return Written(sql: "count(*)\(Self.filtered(filter))", size: .fixed)
        }
        let keepsAll = Functions.keepingAll.contains(name)
        let texts = keepsAll ? kept(arguments) : arguments.map(\.sql)
        let list = texts.joined(separator: ", ")
        let order = orders.isEmpty ? "" : " ORDER BY \(Self.list(orders, of: arguments, texts))"
        // In `quantile_cont(0.5) WITHIN GROUP (ORDER BY x)` the value is in the order.
        arguments += orders
        let size = try size(of: rule.growth, name, arguments)
        if keepsAll { try make(size) }
        let (operands, _) = try bounded(name, texts.map { Written(sql: $0, size: .column) })
        var sql =
            "\(Functions.quoted(name))(\(isDistinct ? "DISTINCT " : "")\(list)\(order))\(Self.filtered(filter))"
        // The macro itself would recurse into its JSON without a check.
        if name == "json_group_structure", let budget = scope.budget, let first = operands.first {
            let array = "json_group_array(\(first.sql))"
            sql = "json_structure(\(budget.text(.nesting, weight: 1, array, anchor: array)))"
        }
        copying = outside
        let value = try measured(sql, size, of: name)
        if keepsAll {
            anchor = sql
            return Written(sql: sql, size: size)
        }
        return Written(sql: value, size: size)
    }

    /// The order of an aggregate. An argument of the aggregate is written as it is there, which DISTINCT requires.
    private static func list(_ orders: [Written], of arguments: [Written], _ texts: [String]) -> String {
        let texts = zip(arguments, texts)
        return orders.map { order in
            let same = texts.first { order.sql == $0.0.sql || order.sql.hasPrefix($0.0.sql + " ") }
            return same.map { $0.1 + order.sql.dropFirst($0.0.sql.count) } ?? order.sql
        }.joined(separator: ", ")
    }

    /// The arguments of an aggregate whose result contains them, counted over all rows. A literal stays a literal.
    private func kept(_ arguments: [Written]) -> [String] {
        guard let budget = scope.budget else { return arguments.map(\.sql) }
        return arguments.map { argument in
            guard argument.literal == nil else { return argument.sql }
            return guarded(argument.sql, budget.condition(.kept, weight: 1, [argument.sql], anchor: anchor))
        }
    }

    static func filtered(_ condition: String?) -> String { condition.map { " FILTER (WHERE \($0))" } ?? "" }

    /// Writes the `ORDER BY` of an aggregate or window.
    mutating func orders(_ nodes: [SyntaxNode], _ depth: Int) throws(LakeError) -> [Written] {
        var orders: [Written] = []
        for node in nodes {
            let value = try written(child(node, "expression"), depth: depth + 1)
            orders.append(Written(sql: value.sql + (try direction(node)), size: value.size))
        }
        return orders
    }

    /// ` DESC NULLS LAST` or the like; may be empty.
    func direction(_ node: SyntaxNode) throws(LakeError) -> String {
        let directions = ["ORDER_DEFAULT": "", "ASCENDING": " ASC", "DESCENDING": " DESC"]
        let nulls = ["ORDER_DEFAULT": "", "NULLS FIRST": " NULLS FIRST", "NULLS LAST": " NULLS LAST"]
        guard let direction = directions[node.type], let place = nulls[node.text("null_order") ?? ""] else {
            throw refusal("this order is not known")
        }
        return direction + place
    }
}

extension Functions {
    /// A function's name in SQL. A few names are words of the grammar and have to be quoted.
    static func quoted(_ name: String) -> String { needsQuotes.contains(name) ? SQL.identifier(name) : name }

    private static let needsQuotes: Set<String> = [
        "first", "last", "left", "right", "position", "substring", "trim", "filter", "row", "map", "list", "apply",
        "base64", "json", "alias", "array_agg", "current_date", "formatreadablesize", "formatreadabledecimalsize",
    ]
}
