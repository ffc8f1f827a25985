import NIOCore
import RembusWire

/// A part of the syntax tree that DuckDB's own parser makes from a text, in the form of its function
/// `json_serialize_sql`.
struct SyntaxNode {
    private(set) var value: Value

    /// The class of the expression, such as `COMPARISON`.
    var expressionClass: String { text("class") ?? "" }

    /// The kind within its class, such as `COMPARE_EQUAL`.
    var type: String { text("type") ?? "" }

    /// The name given with `AS`; empty without one.
    var alias: String { text("alias") ?? "" }

    /// Removes the name.
    mutating func dropAlias() {
        guard case .map(var members) = value else { return }
        members["alias"] = .text("")
        value = .map(members)
    }

    func text(_ key: String) -> String? { value[key]?.stringValue }

    func flag(_ key: String) -> Bool? { value[key]?.boolValue }

    func node(_ key: String) -> SyntaxNode? {
        guard let value = value[key], !value.isNull else { return nil }
        return SyntaxNode(value: value)
    }

    func nodes(_ key: String) -> [SyntaxNode]? { value[key]?.arrayValue?.map { SyntaxNode(value: $0) } }

    /// Whether the member exists and is null, false, an empty text, array or map, or a map of those.
    func isEmpty(_ key: String) -> Bool { value[key].map(Self.isEmpty) ?? false }

    private static func isEmpty(_ value: Value) -> Bool {
        switch value {
        case .null, .bool(false): true
        case .text(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .map(let members): members.pairs.allSatisfy { isEmpty($0.value) }
        default: false
        }
    }
}

/// The single `SELECT` that a text was parsed as. Nothing in it is trusted except what is checked here.
struct SyntaxTree {
    /// Stands for the table in the parsed text. The real table is named in the generated SQL.
    static let table = "t"

    private let node: SyntaxNode

    /// Parses `SELECT <list> FROM t <rest>`, of which one part is the client's text.
    ///
    /// - Throws: ``LakeError/Kind/invalid`` with the parser's reason, or because the text is more than one statement or
    ///   uses more than `SELECT … FROM t`.
    init(list: String, rest: String, of key: String, parser: DatabaseConnection) throws(LakeError) {
        let limit = 16384
        let count = list.utf8.count + rest.utf8.count
        if count > limit { throw .refused(key, "the text has \(count) bytes and at most \(limit) are allowed") }
        // DuckDB's parser takes a NUL for the end.
        if list.utf8.contains(0) || rest.utf8.contains(0) { throw .refused(key, "the text contains a NUL character") }
        // With a line end, a comment ends with the client's text.
        let sql = "SELECT \(list)\nFROM \(Self.table) \(rest)"
        guard let json = try parser.query("SELECT json_serialize_sql($1::VARCHAR)", [.text(sql)]).value?.text else {
            throw .refused(key, "the text cannot be parsed")
        }
        let document: Value
        do {
            let limits = DecodingLimits(maxDepth: 400)
            document = try Value(json: ByteBuffer(string: json), limits: limits)
        } catch {
            throw .refused(key, "the expression is too deeply nested or has a number that is too large")
        }
        let root = SyntaxNode(value: document)
        if root.flag("error") != false {
            throw .refused(key, Self.reason(root))
        }
        guard let statements = root.nodes("statements"), statements.count == 1, let statement = statements.first else {
            throw .refused(key, "only one expression is allowed, not several statements")
        }
        guard let select = statement.node("node") else { throw .refused(key, "the text cannot be parsed") }
        guard statement.isEmpty("named_param_map") else { throw .refused(key, "parameters are not allowed") }
        node = select
        try checkSelect(key)
    }

    /// What is selected.
    var selection: [SyntaxNode] { node.nodes("select_list") ?? [] }

    /// The condition.
    var condition: SyntaxNode? { node.node("where_clause") }

    /// `ORDER BY`, `LIMIT` and `DISTINCT`.
    var modifiers: [SyntaxNode] { node.nodes("modifiers") ?? [] }

    private static func reason(_ root: SyntaxNode) -> String {
        let text = root.text("error_message") ?? "the text cannot be parsed"
        // DuckDB can parse this but not serialize it, such as an array of a million elements.
        if root.text("error_type") == "serialization" {
            return "the text has a type or an expression that is not allowed"
        }
        // This is the parser's message for `x; DROP TABLE y`.
        return text.hasPrefix("Only SELECT statements") ? "only one expression is allowed, not a statement" : text
    }

    /// The expressions of `GROUP BY` behind a condition in the same text.
    var groups: [SyntaxNode] { node.nodes("group_expressions") ?? [] }

    /// The sets of ``groups`` that are grouped by together, as positions.
    var groupSets: [[Int]] {
        (node.value["group_sets"]?.arrayValue ?? []).map { set in
            (set.arrayValue ?? []).compactMap { $0.intValue.map { Int($0) } }
        }
    }

    /// Whether there is `GROUP BY ALL`.
    var groupsByAll: Bool { node.text("aggregate_handling") == "FORCE_AGGREGATES" }

    var having: SyntaxNode? { node.node("having") }

    var qualify: SyntaxNode? { node.node("qualify") }

    /// Throws for clauses that are allowed only behind the condition of a query.
    func checkPlain(_ key: String) throws(LakeError) {
        let parts: [(String, String)] = [
            ("group_expressions", "GROUP BY"), ("group_sets", "GROUP BY"), ("having", "HAVING"), ("qualify", "QUALIFY"),
        ]
        for (member, name) in parts where !node.isEmpty(member) {
            throw .refused(key, "\(name) is not allowed here")
        }
        guard !groupsByAll else { throw .refused(key, "GROUP BY is not allowed here") }
    }

    /// Checks that this is one `SELECT` from the given table and nothing else.
    private func checkSelect(_ key: String) throws(LakeError) {
        guard node.type == "SELECT_NODE" else {
            throw .refused(key, "UNION and the like are not allowed")
        }
        for (member, name) in [("cte_map", "WITH"), ("sample", "USING SAMPLE")] where !node.isEmpty(member) {
            throw .refused(key, "\(name) is not allowed")
        }
        guard ["STANDARD_HANDLING", "FORCE_AGGREGATES"].contains(node.text("aggregate_handling")) else {
            throw .refused(key, "this GROUP BY is not allowed")
        }
        guard let source = node.node("from_table"), source.type == "BASE_TABLE",
            source.text("table_name") == Self.table,
            ["alias", "sample", "schema_name", "catalog_name", "column_name_alias", "at_clause"]
                .allSatisfy({ source.isEmpty($0) })
        else {
            throw .refused(key, "no other table may be named")
        }
    }
}

extension LakeError {
    /// The refusal of an argument of the table services.
    static func refused(_ key: String, _ reason: String) -> LakeError {
        LakeError(.invalid, "\(key): \(reason)")
    }
}
