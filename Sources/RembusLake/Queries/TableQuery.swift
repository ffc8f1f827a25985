import RembusWire

/// The checked argument of `query_<table>` (storage.md §6.1).
struct TableQuery {
    /// Texts of the client, which are parsed when there is a connection.
    private var condition: String?
    private var selection: String?
    private var order: String?
    private let time: TimeTravel?
    private let limit: UInt64?
    private let offset: UInt64?

    private static let keys = ["where", "cols", "when", "order", "limit", "offset"]

    init(_ arguments: [Value]) throws(LakeError) {
        let map = try ServiceArgument.map(arguments, keys: Self.keys) ?? ServiceArgument()
        condition = try map.text("where")
        selection = try map.list("cols")
        order = try map.list("order")
        time = try map["when"].map { value throws(LakeError) in try TimeTravel(value) }
        limit = try map.count("limit")
        offset = try map.count("offset")
    }

    /// The statement for a table. It contains nothing of the client's text.
    func sql(_ table: ServedTable, _ parser: DatabaseConnection, budget: QueryBudget? = nil) throws(LakeError) -> String
    {
        var scope = table.scope
        scope.budget = budget
        let selection =
            if let text = selection {
                try ColumnSelection(text, scope: scope, parser: parser)
            } else {
                ColumnSelection(all: scope)
            }
        let clauses = try condition.map { text throws(LakeError) in
            try QueryClauses(text, scope: scope, selection: selection, parser: parser)
        }
        let source = try time.map { time throws(LakeError) in try table.source(at: time, parser) } ?? table.source
        var sql = "SELECT \(selection.distinct)\(selection.sql) FROM \(source)"
        if let clauses { sql += " WHERE \(clauses.condition)" }
        let grouping = clauses?.grouping ?? ""
        if !grouping.isEmpty || !selection.grouping.isEmpty {
            sql += " \(grouping.isEmpty ? selection.grouping : grouping)"
        }
        if let having = clauses?.having { sql += " HAVING \(having)" }
        if let qualify = clauses?.qualify { sql += " QUALIFY \(qualify)" }
        if let order = try sortOrder(clauses, scope, selection, parser) { sql += " ORDER BY \(order)" }
        if let limit = try one(of: limit, clauses?.limit, "limit") { sql += " LIMIT \(limit)" }
        if let offset = try one(of: offset, clauses?.offset, "offset") { sql += " OFFSET \(offset)" }
        return sql
    }

    private func sortOrder(
        _ clauses: QueryClauses?, _ scope: TableScope, _ selection: ColumnSelection, _ parser: DatabaseConnection
    ) throws(LakeError) -> String? {
        let own = try order.map { text throws(LakeError) in
            try SortOrder(
                text, scope: scope, selection: selection, isGrouped: clauses?.grouping.isEmpty == false, parser: parser
            ).sql
        }
        return try one(of: own, clauses?.order, "order")
    }

    /// A part that may be given with its own key or in the text of the condition, but not with both.
    private func one<Part>(of own: Part?, _ other: Part?, _ key: String) throws(LakeError) -> Part? {
        if own != nil, other != nil { throw .refused(key, "it is given behind the condition, too") }
        return own ?? other
    }
}

/// The single map that the services have as their argument.
struct ServiceArgument {
    private var members: [String: Value] = [:]

    /// An empty map.
    init() {}

    /// The map in the arguments; nil for no argument or null. Throws for other keys than these, with the text of the
    /// reference.
    static func map(_ arguments: [Value], keys: [String]) throws(LakeError) -> ServiceArgument? {
        guard arguments.count <= 1 else {
            throw LakeError(.invalid, "one argument is expected, not \(arguments.count)")
        }
        guard let argument = arguments.first, !argument.isNull else { return nil }
        guard let map = argument.mapValue else {
            throw LakeError(.invalid, "the argument must be a map with any of the keys \(keys.joined(separator: ", "))")
        }
        var result = ServiceArgument()
        var unknown: [String] = []
        for (key, value) in map.pairs.map({ ($0.key.stringValue ?? $0.key.description, $0.value) }) {
            if keys.contains(key) { result.members[key] = value } else { unknown.append(key) }
        }
        guard unknown.isEmpty else {
            throw LakeError(
                .invalid,
                "invalid keys: \(unknown.prefix(20).joined(separator: ", ").prefix(500)); "
                    + "known are \(keys.joined(separator: ", "))")
        }
        return result
    }

    /// The value of a key; nil when it is missing or null.
    subscript(key: String) -> Value? { members[key].flatMap { $0.isNull ? nil : $0 } }

    /// A text; nil when it is missing or null.
    func text(_ key: String) throws(LakeError) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.stringValue else { throw .refused(key, "a text is expected") }
        return text
    }

    /// A text with commas, or an array of texts.
    func list(_ key: String) throws(LakeError) -> String? {
        guard let elements = self[key]?.arrayValue else { return try text(key) }
        let texts = elements.compactMap(\.stringValue)
        guard texts.count == elements.count else { throw .refused(key, "all elements must be texts") }
        guard texts.allSatisfy({ !$0.isEmpty }) else { throw .refused(key, "an element is empty") }
        // A line end after each, so that a comment does not reach into the next text.
        return texts.joined(separator: "\n, ")
    }

    /// A number of rows.
    func count(_ key: String) throws(LakeError) -> UInt64? {
        guard let value = self[key] else { return nil }
        // JSON and some languages have only floats.
        let number = value.uintValue ?? value.doubleValue.flatMap { UInt64(exactly: $0) }
        guard let number, number <= UInt64(Int64.max) else { throw .refused(key, "a number of rows is expected") }
        return number
    }
}
