import RembusWire

/// Checks an expression of a client's text against what is allowed and writes it as SQL of our own (storage.md §6.4).
///
/// Only what is known here is ever written: columns of the one table, literals, operators and the functions of
/// ``Functions``. All names and texts are quoted again, every operation is put in parentheses. Beside the SQL the writer
/// works out how large a value may get, and refuses what may get too large.
struct ExpressionWriter {
    /// The argument that the text came in, for messages: `where`, `cols`, `order`.
    let key: String
    let scope: TableScope
    /// Whether aggregates may occur; set to whether one did.
    var aggregates: Occurrence
    /// Whether window functions may occur; set to whether one did.
    var windows: Occurrence
    /// Whether `unnest` may occur; set to whether it did.
    var unnesting: Occurrence
    /// Whether rows are ordered by it, which are there once for each element by then.
    var isOrder = false
    /// The SQL of an `unnest` that was written.
    var unnested: String?
    /// Whether there is a column outside of the list that `unnest` takes.
    var hasOtherColumns = false
    var isInUnnest = false
    /// Whether there is a column whose values may be long.
    var hasLongColumns = false
    /// Whether `COLUMNS` may stand for several columns; set to whether it does.
    var columns: Occurrence
    /// The parameters of the lambdas around the expression, the innermost last.
    var lambdas: [LambdaParameters] = []
    /// The column, or what stands for a value of many rows, that was written last at this place: see `BudgetFunctions`.
    var anchor: String?
    /// How many functions around the expression make new values of what they are given.
    var copying = 0
    /// Inside the arguments of an aggregate, where there can be no other.
    var isInAggregate = false
    /// Inside of a window function.
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

    /// An expression as SQL of our own.
    struct Written {
        var sql: String
        var size: ValueSize
        /// A text or whole number that the client wrote as such.
        var literal: Value?
        /// The column of receive times.
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

    /// The SQL of an expression.
    mutating func write(_ node: SyntaxNode) throws(LakeError) -> String {
        try written(node, depth: 0).sql
    }

    /// The SQL and size of an expression; `depth` is how deep it lies within others.
    mutating func written(_ node: SyntaxNode, depth: Int) throws(LakeError) -> Written {
        guard depth < Self.maximumDepth else { throw refusal("the expression is nested too deeply") }
        // A top-level name of `cols` is taken by its owner; anywhere else it would name an argument.
        guard depth == 0 || node.alias.isEmpty else { throw refusal("named arguments are not allowed") }
        let result = try expression(node, depth)
        // Operands that are checked at run time stand in the SQL twice, so its length can double at every level.
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
        // Outside of a function that takes a lambda this is `json -> path`.
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

    /// A member that must be there.
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
        // As DuckDB reads them: a parameter, the table's column, the column's field.
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
            // DuckDB writes the expression again where the name stands.
            try make(ValueSize(copies: alias.made))
            return fields(names.dropFirst(), of: outer(try measured(alias.sql), alias.size))
        }
        // To the parser these are columns unless they are called.
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

    /// A column's size; where an alias has its name, that of the larger.
    private func size(of name: String) -> ValueSize {
        .largest([.column, scope.alias(name)?.size ?? .column])
    }

    /// What stands outside of the innermost lambda, if there is one.
    private func outer(
        _ sql: String, _ size: ValueSize, _ receiveTime: TableScope.ReceiveTime? = nil
    ) -> Written {
        var size = size
        size.isCaptured = !lambdas.isEmpty
        return Written(sql: sql, size: size, receiveTime: receiveTime)
    }

    /// A field of a structure, of a field of it, and so on.
    private func fields(_ names: ArraySlice<String>, of whole: Written) -> Written {
        names.reduce(whole) { whole, name in
            Written(sql: "struct_extract(\(whole.sql), \(SQL.literal(name)))", size: whole.size)
        }
    }
}
