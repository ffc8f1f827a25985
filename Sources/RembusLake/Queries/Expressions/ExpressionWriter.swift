import RembusWire

/// Checks an expression of a client's text against what is allowed, and writes it as generated SQL (storage.md §6.4).
///
/// Only known elements are written: columns of the one table, literals, operators and the functions in ``Functions``.
/// All names and texts are quoted again, and every operation is in parentheses. The writer also computes how large a
/// value may become, and refuses values that may become too large.
struct ExpressionWriter {
    /// The argument that contains the text, for messages: `where`, `cols`, `order`.
    let key: String
    let scope: TableScope
    /// Whether aggregates are allowed; changed when one occurs.
    var aggregates: Occurrence
    /// Whether window functions are allowed; changed when one occurs.
    var windows: Occurrence
    /// Whether `unnest` is allowed; changed when it occurs.
    var unnesting: Occurrence
    /// Whether rows are ordered by the expression. There is a row for each element then.
    var isOrder = false
    /// The SQL of an `unnest` that was written.
    var unnested: String?
    /// Whether a column occurs outside of the list of `unnest`.
    var hasOtherColumns = false
    var isInUnnest = false
    /// Whether a column occurs whose values may be long.
    var hasLongColumns = false
    /// Whether `COLUMNS` may stand for several columns; changed when it does.
    var columns: Occurrence
    /// The parameters of the lambdas around the expression, the innermost last.
    var lambdas: [LambdaParameters] = []
    /// The column, or the expression for a value of many rows, that was written last at this place: see
    /// `BudgetFunctions`.
    var anchor: String?
    /// The number of functions around the expression that make new values from their arguments.
    var copying = 0
    /// Whether the expression is in the arguments of an aggregate, where another aggregate is not allowed.
    var isInAggregate = false
    /// Whether the expression is inside of a window function.
    var isInWindow = false

    enum Occurrence {
        case refused
        case allowed
        case found

        mutating func find() -> Bool {
            if self == .refused { return false }
            self = .found
            return true
        }
    }

    /// An expression as generated SQL.
    struct Written {
        var sql: String
        var size: ValueSize
        /// The text or integer, if the client has written a literal.
        var literal: Value?
        /// The column of receive times, if it is one.
        var receiveTime: TableScope.ReceiveTime?
    }

    private static let maximumDepth = 100
    private static let maximumLength = 1 << 20

    init(
        key: String, scope: TableScope, allowsAggregates: Bool = false, allowsWindows: Bool = false,
        isSelected: Bool = false
    ) {
        self.key = key
        self.scope = scope
        aggregates = allowsAggregates ? .allowed : .refused
        windows = allowsWindows ? .allowed : .refused
        unnesting = isSelected ? .allowed : .refused
        columns = isSelected ? .allowed : .refused
    }

    /// Returns the SQL of an expression.
    mutating func write(_ node: SyntaxNode) throws(LakeError) -> String {
        try written(node, depth: 0).sql
    }

    /// Returns the SQL and size of an expression; `depth` is its depth within others.
    mutating func written(_ node: SyntaxNode, depth: Int) throws(LakeError) -> Written {
        guard depth < Self.maximumDepth else { throw refusal("the expression is nested too deeply") }
        // A name at the top level of `cols` is handled by the caller. Elsewhere it would name an argument.
        guard depth == 0 || node.alias.isEmpty else { throw refusal("named arguments are not allowed") }
        let result = try expression(node, depth)
        // Operands with a check occur twice in the SQL, so its length can double with every level.
        guard result.sql.utf8.count <= Self.maximumLength else { throw refusal("the expression is too long") }
        if result.size.isTooLarge {
            throw refusal(
                "a value could get more than \(ValueSize.maximumCopies) times as large as what the row holds")
        }
        return result
    }

    private mutating func expression(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> Written {
        switch node.expressionClass {
        case "COLUMN_REF": return try column(node)
        case "CONSTANT": return try constant(node)
        case "COMPARISON": return try comparison(node, depth)
        case "CONJUNCTION": return try conjunction(node, depth)
        case "OPERATOR": return try operation(node, depth)
        case "BETWEEN": return try between(node, depth)
        case "CASE": return try choice(node, depth)
        case "CAST": return try cast(node, depth)
        case "COLLATE": return try collation(node, depth)
        case "FUNCTION": return try call(node, depth)
        case "WINDOW": return try window(node, depth)
        // Outside of a function that takes a lambda, this is `json -> path`.
        case "LAMBDA": return try arrow(node, depth)
        case "STAR": return try severalColumns(node)
        default: throw refusal(Self.refusals[node.expressionClass] ?? "this kind of expression is not allowed")
        }
    }

    private static let refusals = [
        "SUBQUERY": "subqueries are not allowed",
        "LAMBDA_REF": "lambda expressions are not allowed here",
        "PARAMETER": "parameters are not allowed",
        "POSITIONAL_REFERENCE": "positional references (#1) are not allowed", "DEFAULT": "DEFAULT is not allowed",
    ]

    func refusal(_ reason: String) -> LakeError { .refused(key, reason) }

    /// A member of a node, which must exist.
    func child(_ node: SyntaxNode, _ member: String) throws(LakeError) -> SyntaxNode {
        guard let child = node.node(member) else { throw refusal("the expression is not complete") }
        return child
    }

    mutating func children(_ node: SyntaxNode, _ depth: Int) throws(LakeError) -> [Written] {
        try all(node.nodes("children") ?? [], depth)
    }

    mutating func all(_ nodes: [SyntaxNode], _ depth: Int) throws(LakeError) -> [Written] {
        var list: [Written] = []
        for node in nodes { list.append(try written(node, depth: depth + 1)) }
        return list
    }

    private mutating func column(_ node: SyntaxNode) throws(LakeError) -> Written {
        let names = node.value["column_names"]?.arrayValue?.compactMap(\.stringValue) ?? []
        guard let name = names.last, !name.isEmpty else { throw refusal("a column has no name") }
        // In DuckDB's order: a parameter, the table's column, a field of the column.
        if let parameter = parameter(names[0]) {
            anchor = parameter.sql
            return fields(names.dropFirst(), of: parameter)
        }
        if names.count > 1, scope.isTable(names[0]), let column = scope.column(names[1]) {
            noteColumn(names[1])
            return fields(
                names.dropFirst(2),
                of: outer(try measured(column, column: names[1]), .column, scope.receiveTime(names[1])))
        }
        if let column = scope.column(names[0]) {
            noteColumn(names[0])
            let time = scope.receiveTime(names[0])
            return fields(
                names.dropFirst(), of: outer(try measured(column, column: names[0]), size(of: names[0]), time))
        }
        if let alias = scope.alias(names[0]) {
            if alias.hasAggregate, !aggregates.find() {
                throw refusal("\(names[0]) has an aggregate, which is not allowed here")
            }
            if alias.hasWindow, !windows.find() {
                throw refusal("\(names[0]) has a window function, which is not allowed here")
            }
            if let sql = alias.unnested {
                guard isOrder || unnesting.find() else {
                    throw refusal("\(names[0]) has unnest, which is not allowed here")
                }
                unnested = sql
            } else {
                noteColumn(nil)
            }
            // DuckDB repeats the expression where the name occurs.
            try make(ValueSize(copies: alias.made))
            return fields(names.dropFirst(), of: outer(try measured(alias.sql), alias.size))
        }
        // The parser takes these for columns unless they are called.
        if names.count == 1, Functions.keywords.contains(name.lowercased()) {
            return Written(sql: name.lowercased(), size: .fixed)
        }
        throw refusal(
            "there is no column \(names.joined(separator: ".")); the table \(scope.table) has \(scope.listing)")
    }

    private mutating func noteColumn(_ name: String?) {
        if !isInUnnest { hasOtherColumns = true }
        if name.flatMap(scope.length) != .fixed { hasLongColumns = true }
    }

    /// A column's size. If an alias has the same name, the larger of the two.
    private func size(of name: String) -> ValueSize {
        .largest([.column, scope.alias(name)?.size ?? .column])
    }

    /// A value from outside of the innermost lambda, if there is one.
    private func outer(
        _ sql: String, _ size: ValueSize, _ receiveTime: TableScope.ReceiveTime? = nil
    ) -> Written {
        var size = size
        size.isCaptured = !lambdas.isEmpty
        return Written(sql: sql, size: size, receiveTime: receiveTime)
    }

    /// A field of a structure, a field of that field, and so on.
    private func fields(_ names: ArraySlice<String>, of whole: Written) -> Written {
        names.reduce(whole) { whole, name in
            Written(sql: "struct_extract(\(whole.sql), \(SQL.literal(name)))", size: whole.size)
        }
    }
}
