/// A client's `cols` as SQL of our own (storage.md §6.4.2): columns, `*`, expressions of columns and aggregates of them,
/// each with a name if wanted. Beside an aggregate, what is none is grouped by.
package struct ColumnSelection: Sendable, Equatable {
    /// The `SELECT` list.
    package let sql: String
    /// `GROUP BY …`, or empty.
    package let grouping: String
    /// Whether equal rows are given once.
    package let isDistinct: Bool
    /// The names given with `AS`, which `order` may use.
    let aliases: [String]

    /// Every column of the table.
    package init(all scope: TableScope) {
        sql = SQL.list(scope.columns)
        grouping = ""
        isDistinct = false
        aliases = []
    }

    /// Checks the text of a `cols`: what stands between `SELECT` and `FROM`.
    ///
    /// - Throws: ``LakeError/Kind/invalid``, naming what is not allowed.
    package init(_ text: String, scope: TableScope, parser: Connection) throws(LakeError) {
        let tree = try SyntaxTree(list: text, rest: "", of: "cols", parser: parser)
        guard tree.condition == nil else { throw .refused("cols", "WHERE is not allowed: use the key where") }
        isDistinct = try Self.distinct(tree.modifiers)
        var items: [String] = []
        var groups: [Int] = []
        var aliases: [String] = []
        for node in tree.selection {
            if node.expressionClass == "STAR" {
                try Self.checkStar(node)
                groups += items.count + 1..<items.count + 1 + scope.columns.count
                items += scope.columns.map { SQL.identifier($0) }
                continue
            }
            var writer = ExpressionWriter(key: "cols", scope: scope, allowsAggregates: true)
            let item = try writer.write(node)
            if !node.alias.isEmpty { aliases.append(node.alias) }
            items.append(node.alias.isEmpty ? item : "\(item) AS \(SQL.identifier(node.alias))")
            if writer.aggregates != .found { groups.append(items.count) }
        }
        guard !items.isEmpty else { throw .refused("cols", "there is no column") }
        sql = items.joined(separator: ", ")
        self.aliases = aliases
        let isAggregated = groups.count < items.count && !groups.isEmpty
        grouping = isAggregated ? "GROUP BY \(groups.map(String.init).joined(separator: ", "))" : ""
    }

    private static func distinct(_ modifiers: [SyntaxNode]) throws(LakeError) -> Bool {
        guard let modifier = modifiers.first else { return false }
        guard modifiers.count == 1, modifier.type == "DISTINCT_MODIFIER", modifier.isEmpty("distinct_on_targets") else {
            throw .refused("cols", "ORDER BY, LIMIT and DISTINCT ON are not allowed: use the keys order and limit")
        }
        return true
    }

    private static func checkStar(_ node: SyntaxNode) throws(LakeError) {
        let options = ["exclude_list", "replace_list", "qualified_exclude_list", "rename_list", "expr", "alias"]
        let isPlain = node.flag("columns") == false && options.allSatisfy { node.isEmpty($0) }
        guard isPlain, ["", SyntaxTree.table].contains(node.text("relation_name")) else {
            throw .refused("cols", "only a plain * is allowed")
        }
    }
}
