import RembusWire

/// Checks an expression of a client's text against what is allowed and writes it as SQL of our own (storage.md §6.4).
///
/// Only what is known here is ever written: columns of the one table, literals, operators and the functions of
/// ``Functions``. All names and texts are quoted again, every operation is put in parentheses.
struct ExpressionWriter {
    /// The argument that the text came in, for messages: `where`, `cols`, `order`.
    let key: String
    let scope: TableScope
    /// Whether aggregates may occur; set to whether one did.
    var aggregates: Aggregates = .refused

    enum Aggregates {
        case refused
        case allowed
        case found
    }

    private static let maximumDepth = 100

    init(key: String, scope: TableScope, allowsAggregates: Bool = false) {
        self.key = key
        self.scope = scope
        aggregates = allowsAggregates ? .allowed : .refused
    }

    /// The SQL of an expression.
    mutating func write(_ node: SyntaxNode, depth: Int = 0) throws(LakeError) -> String {
        guard depth < Self.maximumDepth else { throw refusal("the expression is nested too deeply") }
        // A top-level name of `cols` is taken by its owner; anywhere else it would name an argument.
        guard depth == 0 || node.alias.isEmpty else { throw refusal("named arguments are not allowed") }
        switch node.expressionClass {
        case "COLUMN_REF": return try column(node)
        case "CONSTANT": return try literal(node)
        case "COMPARISON": return try comparison(node, depth)
        case "CONJUNCTION": return try conjunction(node, depth)
        case "OPERATOR": return try operation(node, depth)
        case "BETWEEN": return try between(node, depth)
        case "CASE": return try choice(node, depth)
        case "CAST": return try cast(node, depth)
        case "COLLATE": return try collation(node, depth)
        case "FUNCTION": return try call(node, depth)
        default: throw refusal(Self.refusals[node.expressionClass] ?? "this kind of expression is not allowed")
        }
    }

    private static let refusals = [
        "SUBQUERY": "subqueries are not allowed", "WINDOW": "window functions are not allowed",
        "LAMBDA": "lambda expressions are not allowed", "LAMBDA_REF": "lambda expressions are not allowed",
        "PARAMETER": "parameters are not allowed", "STAR": "* is not allowed here",
        "POSITIONAL_REFERENCE": "positional references (#1) are not allowed", "DEFAULT": "DEFAULT is not allowed",
    ]

    func refusal(_ reason: String) -> LakeError { .refused(key, reason) }

    /// A member that must be there.
    func child(_ node: SyntaxNode, _ member: String) throws(LakeError) -> SyntaxNode {
        guard let child = node.node(member) else { throw refusal("the expression is not complete") }
        return child
    }

    mutating func children(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> [String] {
        var texts: [String] = []
        for child in node.nodes("children") ?? [] { texts.append(try write(child, depth: depth + 1)) }
        return texts
    }

    private func column(_ node: SyntaxNode) throws(LakeError) -> String {
        let names = node.value["column_names"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard let name = names.last, !name.isEmpty else { throw refusal("a column has no name") }
        if names.count == 1, let column = scope.column(name) { return column }
        if names.count == 2, scope.isTable(names[0]), let column = scope.column(name) { return column }
        // To the parser these are columns unless they are called.
        if names.count == 1, Functions.keywords.contains(name.lowercased()) { return name.lowercased() }
        throw refusal(
            "there is no column \(names.joined(separator: ".")); the table \(scope.table) has \(scope.listing)")
    }

    private mutating func comparison(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let operators = [
            "COMPARE_EQUAL": "=", "COMPARE_NOTEQUAL": "<>", "COMPARE_LESSTHAN": "<", "COMPARE_GREATERTHAN": ">",
            "COMPARE_LESSTHANOREQUALTO": "<=", "COMPARE_GREATERTHANOREQUALTO": ">=",
            "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM", "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
        ]
        guard let symbol = operators[node.type] else { throw refusal("this comparison is not allowed") }
        let left = try write(child(node, "left"), depth: depth + 1)
        let right = try write(child(node, "right"), depth: depth + 1)
        return "(\(left) \(symbol) \(right))"
    }

    private mutating func conjunction(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let word =
            switch node.type {
            case "CONJUNCTION_AND": "AND"
            case "CONJUNCTION_OR": "OR"
            default: throw refusal("this kind of expression is not allowed")
            }
        let operands = try children(node, depth)
        guard operands.count > 1 else { throw refusal("the expression is not complete") }
        return "(\(operands.joined(separator: " \(word) ")))"
    }

    private mutating func operation(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let operands = try children(node, depth)
        guard let first = operands.first else { throw refusal("the expression is not complete") }
        switch (node.type, operands.count) {
        case ("OPERATOR_NOT", 1): return "(NOT \(first))"
        case ("OPERATOR_IS_NULL", 1): return "(\(first) IS NULL)"
        case ("OPERATOR_IS_NOT_NULL", 1): return "(\(first) IS NOT NULL)"
        case ("COMPARE_IN", 2...): return "(\(first) IN (\(operands.dropFirst().joined(separator: ", "))))"
        case ("COMPARE_NOT_IN", 2...): return "(\(first) NOT IN (\(operands.dropFirst().joined(separator: ", "))))"
        case ("OPERATOR_COALESCE", _): return "coalesce(\(operands.joined(separator: ", ")))"
        case ("OPERATOR_TRY", 1): return "TRY(\(first))"
        case ("ARRAY_EXTRACT", _), ("ARRAY_SLICE", _), ("STRUCT_EXTRACT", _), ("ARRAY_CONSTRUCTOR", _):
            throw refusal("lists and structures are not allowed")
        default: throw refusal("this operator is not allowed")
        }
    }

    private mutating func between(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let input = try write(child(node, "input"), depth: depth + 1)
        let lower = try write(child(node, "lower"), depth: depth + 1)
        let upper = try write(child(node, "upper"), depth: depth + 1)
        return "(\(input) BETWEEN \(lower) AND \(upper))"
    }

    private mutating func choice(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        var text = "(CASE"
        for check in node.nodes("case_checks") ?? [] {
            let condition = try write(child(check, "when_expr"), depth: depth + 1)
            text += " WHEN \(condition) THEN \(try write(child(check, "then_expr"), depth: depth + 1))"
        }
        return text + " ELSE \(try write(child(node, "else_expr"), depth: depth + 1)) END)"
    }

    private mutating func cast(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        let word = node.flag("try_cast") == true ? "TRY_CAST" : "CAST"
        let type = try type(child(node, "cast_type"))
        return "\(word)(\(try write(child(node, "child"), depth: depth + 1)) AS \(type))"
    }

    private mutating func collation(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> String {
        guard let name = node.text("collation")?.lowercased(), ["nocase", "noaccent", "nfc", "binary"].contains(name)
        else { throw refusal("only the collations nocase, noaccent, nfc and binary are allowed") }
        return "(\(try write(child(node, "child"), depth: depth + 1)) COLLATE \(name))"
    }
}

/// The one table that a client's text may speak of.
package struct TableScope: Sendable {
    /// The table's name, by which columns may be qualified.
    let table: String
    /// The columns in their order.
    let columns: [String]
    private let quoted: [String: String]

    /// The scope of a table with these columns. Names differ by more than their case, as DuckDB has it.
    package init(table: String, columns: [String]) {
        self.table = table
        self.columns = columns
        quoted = Dictionary(columns.map { ($0.lowercased(), SQL.identifier($0)) }) { first, _ in first }
    }

    /// The quoted name of a column, found as DuckDB finds it.
    func column(_ name: String) -> String? { quoted[name.lowercased()] }

    func isTable(_ name: String) -> Bool {
        name == SyntaxTree.table || name.lowercased() == table.lowercased()
    }

    /// The columns for a message, not too many.
    var listing: String {
        let shown = 20
        let names = columns.prefix(shown).joined(separator: ", ")
        return columns.count > shown ? "\(names), …" : names
    }
}
