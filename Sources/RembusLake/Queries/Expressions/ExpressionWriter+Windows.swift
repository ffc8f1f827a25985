import RembusWire

extension ExpressionWriter {
    /// Writes a function with `OVER (…)`.
    mutating func window(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        let name = node.text("function_name")?.lowercased() ?? ""
        guard let rule = Functions.rule(name) else { throw refusal("the function \(name) is not allowed") }
        switch rule.kind {
        case .aggregate, .window: break
        default: throw refusal("the function \(name) cannot have OVER")
        }
        guard ["", "main"].contains(node.text("schema")), node.isEmpty("catalog") else {
            throw refusal("the function \(name) must not be qualified")
        }
        guard lambdas.isEmpty, !isInAggregate, windows.find() else {
            throw refusal("the window function \(name) is not allowed here")
        }
        // The value would be computed again for every row and frame.
        guard node.nodes("arg_orders")?.isEmpty ?? true else {
            throw refusal("ORDER BY in the arguments of a window function is not allowed")
        }
        let outside = copying
        copying = 0
        anchor = nil
        isInWindow = true
        defer { (copying, isInWindow) = (outside, false) }
        let frame = try frame(node, depth)
        let isDistinct = node.flag("distinct") == true
        if isDistinct, frame.excludes { throw refusal("DISTINCT and EXCLUDE together are not allowed") }
        let arguments = try windowArguments(node, depth)
        var size = try self.size(of: rule.growth, name, arguments)
        if rule.keepsRows(name, argumentCount: arguments.count) {
            guard let rows = frame.rows, rows <= ValueSize.maximumCopies else {
                throw refusal(
                    "\(name) over a window needs ROWS BETWEEN numbers, \(ValueSize.maximumCopies) rows at most")
            }
            size = size.times(max(1, rows))
        }
        let filter = try node.node("filter_expr").map { filter throws(LakeError) in
            try written(filter, depth: depth + 1).sql
        }
        let list = name == "count_star" ? "*" : arguments.map(\.sql).joined(separator: ", ")
        let function = name == "count_star" ? "count" : Functions.quoted(name)
        let nulls = node.flag("ignore_nulls") == true ? " IGNORE NULLS" : ""
        let call = "\(function)(\(isDistinct ? "DISTINCT " : "")\(list)\(nulls))\(Self.filtered(filter))"
        let sql = "\(call) OVER (\(try over(node, frame, depth)))"
        if rule.keepsRows(name, argumentCount: arguments.count) { try make(size) }
        (copying, isInWindow) = (outside, false)
        return Written(sql: try measured(sql, size, of: name), size: size)
    }

    /// The arguments. The parser gives those of `lag` and `lead` after the first in places of their own.
    private mutating func windowArguments(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> [Written] {
        var arguments = try children(node, depth)
        if let offset = node.node("offset_expr") {
            var argument = try written(offset, depth: depth + 1)
            argument.sql = try rows(argument)
            arguments.append(argument)
        }
        if let other = node.node("default_expr") { arguments.append(try written(other, depth: depth + 1)) }
        return arguments
    }

    /// A number of rows as an offset or the size of a frame. DuckDB calculates with it unchecked, and writes beyond its
    /// memory when that overflows.
    private func rows(_ number: Written) throws(LakeError) -> String {
        let most: Int64 = 1_000_000_000
        guard case .integer(let literal)? = number.literal else {
            return "greatest(-\(most), least(\(most), \(number.sql)))"
        }
        guard (-most...most).contains(literal) else {
            throw refusal("a window reaches at most \(most) rows far")
        }
        return number.sql
    }

    private mutating func over(_ node: SyntaxNode, _ frame: WindowFrame, _ depth: Int) throws(LakeError) -> String {
        var parts: [String] = []
        let partitions = try all(node.nodes("partitions") ?? [], depth).map(\.sql)
        if !partitions.isEmpty { parts.append("PARTITION BY \(partitions.joined(separator: ", "))") }
        let orders = try self.orders(node.nodes("orders") ?? [], depth).map(\.sql)
        if !orders.isEmpty { parts.append("ORDER BY \(orders.joined(separator: ", "))") }
        if !frame.sql.isEmpty { parts.append(frame.sql) }
        return parts.joined(separator: " ")
    }

    private mutating func frame(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> WindowFrame {
        let start = try bound(node, "start", "start_expr", depth)
        let end = try bound(node, "end", "end_expr", depth)
        let exclusions = [
            "NO_OTHER": "", "CURRENT_ROW": " EXCLUDE CURRENT ROW", "GROUP": " EXCLUDE GROUP", "TIES": " EXCLUDE TIES",
        ]
        guard let exclusion = exclusions[node.text("exclude_clause") ?? ""] else {
            throw refusal("this frame of a window is not known")
        }
        var frame = WindowFrame()
        frame.excludes = !exclusion.isEmpty
        guard let unit = start.unit ?? end.unit ?? (frame.excludes ? "ROWS" : nil) else { return frame }
        let isDefault = start.isUnbounded && node.text("end") == "CURRENT_ROW_RANGE"
        if isDefault, !frame.excludes { return frame }
        frame.sql = "\(unit) BETWEEN \(start.sql) AND \(end.sql)\(exclusion)"
        if unit == "ROWS", let first = start.offset, let last = end.offset { frame.rows = max(0, last - first) + 1 }
        return frame
    }

    private struct Bound {
        var sql: String
        var unit: String?
        var isUnbounded = false
        /// The number of rows after the current one, if it is a literal.
        var offset: Int?
    }

    private mutating func bound(
        _ node: SyntaxNode, _ key: String, _ expression: String, _ depth: Int
    ) throws(LakeError) -> Bound {
        let text = node.text(key) ?? ""
        let words = text.split(separator: "_").map { String($0) }
        switch text {
        case "UNBOUNDED_PRECEDING", "UNBOUNDED_FOLLOWING":
            return Bound(sql: words.joined(separator: " "), isUnbounded: true)
        default: break
        }
        guard let unit = words.last, ["ROWS", "RANGE", "GROUPS"].contains(unit) else {
            throw refusal("this frame of a window is not known")
        }
        if text.hasPrefix("CURRENT_ROW") { return Bound(sql: "CURRENT ROW", unit: unit, offset: 0) }
        guard words.count == 3, words[0] == "EXPR", ["PRECEDING", "FOLLOWING"].contains(words[1]) else {
            throw refusal("this frame of a window is not known")
        }
        let value = try written(child(node, expression), depth: depth + 1)
        var offset: Int?
        if case .integer(let number)? = value.literal, (0...1_000_000).contains(number) {
            offset = words[1] == "PRECEDING" ? -Int(number) : Int(number)
        }
        let sql = unit == "RANGE" ? value.sql : try rows(value)
        return Bound(sql: "\(sql) \(words[1])", unit: unit, offset: offset)
    }
}

/// The rows that a window function reads.
struct WindowFrame {
    /// The frame as SQL; empty for the default frame.
    var sql = ""
    /// The most rows of the frame; nil when literals do not decide it.
    var rows: Int?
    var excludes = false
}

extension FunctionRule {
    /// Whether the value contains what many rows contain, as for `list` and `max(x, 10)`.
    func keepsRows(_ name: String, argumentCount: Int) -> Bool {
        guard case .aggregate(let keepsRows) = kind else { return false }
        if keepsRows { return true }
        if ["max", "min"].contains(name) { return argumentCount > 1 }
        return (name.hasPrefix("arg") || name.hasSuffix("_by")) && argumentCount > 2
    }
}
