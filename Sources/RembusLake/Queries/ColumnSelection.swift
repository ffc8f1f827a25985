import RembusWire

/// A client's `cols` as generated SQL (storage.md §6.4.2): columns, `*`, expressions of columns, aggregates and window
/// functions, each with an optional name. With an aggregate, all other items are grouped by.
package struct ColumnSelection: Sendable, Equatable {
    /// The `SELECT` list.
    package let sql: String
    /// `GROUP BY …`; may be empty.
    package let grouping: String
    /// `DISTINCT ` or `DISTINCT ON (…) `; may be empty.
    package let distinct: String
    /// Whether there is an aggregate.
    let isAggregated: Bool
    /// The table with the names that are given with `AS`, which `where` and `order` may use.
    let names: TableScope

    package static func == (left: Self, right: Self) -> Bool {
        (left.sql, left.grouping, left.distinct) == (right.sql, right.grouping, right.distinct)
    }

    /// Selects every column of the table.
    package init(all scope: TableScope) {
        sql = SQL.list(scope.columns)
        grouping = ""
        distinct = ""
        isAggregated = false
        names = scope
    }

    /// Checks the text of a `cols`, which is the part between `SELECT` and `FROM`.
    ///
    /// - Throws: ``LakeError/Kind/invalid`` with the name of what is not allowed.
    package init(_ text: String, scope: TableScope, parser: DatabaseConnection) throws(LakeError) {
        let tree = try SyntaxTree(list: text, rest: "", of: "cols", parser: parser)
        guard tree.condition == nil else { throw .refused("cols", "WHERE is not allowed: use the key where") }
        try tree.checkPlain("cols")
        var list = List(names: scope)
        if text.lowercased().contains("unnest") { list.names.element = try Self.element(tree, scope) }
        for node in tree.selection { try list.add(node) }
        guard !list.isEmpty else { throw .refused("cols", "there is no column") }
        sql = list.sql
        names = list.names
        isAggregated = list.isAggregated
        grouping = list.grouping
        distinct = try Self.distinct(tree.modifiers, list.names)
    }

    /// The SQL of the first `unnest`, which has to be known before the other items are written.
    private static func element(_ tree: SyntaxTree, _ scope: TableScope) throws(LakeError) -> String? {
        var scope = scope
        scope.budget = nil
        var list = List(names: scope)
        for node in tree.selection { try list.add(node) }
        return list.element
    }

    private static func distinct(_ modifiers: [SyntaxNode], _ scope: TableScope) throws(LakeError) -> String {
        guard let modifier = modifiers.first else { return "" }
        guard modifiers.count == 1, modifier.type == "DISTINCT_MODIFIER" else {
            throw .refused("cols", "ORDER BY and LIMIT are not allowed: use the keys order and limit")
        }
        var targets: [String] = []
        for node in modifier.nodes("distinct_on_targets") ?? [] {
            var writer = ExpressionWriter(key: "cols", scope: scope)
            targets.append(try writer.write(node))
        }
        return targets.isEmpty ? "DISTINCT " : "DISTINCT ON (\(targets.joined(separator: ", "))) "
    }

    /// The items of a selection that were read so far.
    private struct List {
        private struct Item {
            var value: String
            /// The name behind `AS`; may be empty.
            var name: String
            /// The SQL of its `unnest`; nil without one.
            var unnested: String?
        }

        var names: TableScope
        private var items: [Item] = []
        /// What to group by if any item is an aggregate: numbers of items, counted from 1, or columns.
        var groups: [String] = []
        var isAggregated = false
        /// Whether an item stands for several columns, so that items cannot be counted.
        var hasSeveralColumns = false
        /// The copies of a row that all values of the selection may contain.
        var copies = 0

        init(names: TableScope) { self.names = names }

        /// The items one after the other.
        var sql: String {
            items.map { item in
                item.name.isEmpty ? item.value : "\(item.value) AS \(SQL.identifier(item.name))"
            }.joined(separator: ", ")
        }

        /// The SQL of the first `unnest`.
        var element: String? { items.lazy.compactMap(\.unnested).first }

        var isEmpty: Bool { items.isEmpty }

        var grouping: String {
            guard isAggregated, !groups.isEmpty else { return "" }
            return hasSeveralColumns ? "GROUP BY ALL" : "GROUP BY \(groups.joined(separator: ", "))"
        }

        mutating func add(_ node: SyntaxNode) throws(LakeError) {
            if node.expressionClass == "STAR", node.flag("columns") == false { return try addStar(node) }
            var writer = ExpressionWriter(
                key: "cols", scope: names, allowsAggregates: true, allowsWindows: true, isSelected: true)
            let before = names.budget?.madeCopies ?? 0
            let value = try writer.written(node, depth: 0)
            try append(value.sql, node.alias, value.size, writer, column: plainColumn(node))
            guard !node.alias.isEmpty else { return }
            let made = (names.budget?.madeCopies ?? 0) - before
            names.add(
                node.alias, size: value.size, made: made, hasAggregate: writer.aggregates == .found,
                hasWindow: writer.windows == .found, unnested: writer.unnested)
        }

        private mutating func append(
            _ sql: String, _ name: String, _ size: ValueSize, _ writer: ExpressionWriter, column: String? = nil
        ) throws(LakeError) {
            guard writer.unnested == nil || !writer.hasOtherColumns else {
                throw .refused(
                    "cols", "columns beside unnest are items of their own: write unnest(…) AS x, column instead")
            }
            items.append(Item(value: sql, name: name, unnested: writer.unnested))
            if writer.aggregates == .found { isAggregated = true }
            if writer.aggregates != .found, writer.windows != .found {
                // Beside the elements of an aggregate's list, the check of a column is not part of the group.
                groups.append(names.element == nil ? "\(items.count)" : column ?? "\(items.count)")
            }
            if writer.columns == .found { hasSeveralColumns = true }
            // An unchanged column costs nothing.
            if size.copies > 1 { copies += size.copies }
            let limit = 4 * ValueSize.maximumCopies
            guard copies <= limit else {
                throw .refused("cols", "an answer could get more than \(limit) times as large as the rows")
            }
        }

        /// Adds `*`, with `EXCLUDE`, `REPLACE` and `RENAME`, as the columns that it stands for.
        private mutating func addStar(_ node: SyntaxNode) throws(LakeError) {
            let options = ["qualified_exclude_list", "expr", "alias"]
            guard options.allSatisfy({ node.isEmpty($0) }), ["", SyntaxTree.table].contains(node.text("relation_name"))
            else { throw .refused("cols", "this form of * is not allowed") }
            var left: Set<String> = []
            for name in node.value["exclude_list"]?.arrayValue ?? [] { left.insert(try column(name.stringValue)) }
            var replaced: [String: SyntaxNode] = [:]
            for entry in node.nodes("replace_list") ?? [] {
                replaced[try column(entry.text("key"))] = entry.node("value")
            }
            var renamed: [String: String] = [:]
            for entry in node.nodes("rename_list") ?? [] {
                renamed[try column(entry.node("key")?.text("column"))] = entry.text("value")
            }
            for column in names.columns {
                let quoted = SQL.identifier(column)
                if left.contains(quoted) { continue }
                var writer = ExpressionWriter(
                    key: "cols", scope: names, allowsAggregates: true, allowsWindows: true, isSelected: true)
                guard var node = replaced[quoted] else {
                    let value = try writer.measured(quoted, column: column)
                    try append(value, renamed[quoted] ?? "", .column, writer, column: quoted)
                    continue
                }
                node.dropAlias()
                let value = try writer.written(node, depth: 0)
                try append(value.sql, renamed[quoted] ?? column, value.size, writer)
            }
        }

        /// The quoted name of an unchanged column; nil for other items.
        private func plainColumn(_ node: SyntaxNode) -> String? {
            guard node.expressionClass == "COLUMN_REF", let path = node.value["column_names"]?.arrayValue,
                path.count == 1, let name = path[0].stringValue, names.alias(name) == nil
            else { return nil }
            return names.column(name)
        }

        /// The quoted name of a column.
        private func column(_ name: String?) throws(LakeError) -> String {
            guard let name, let column = names.column(name) else {
                throw .refused(
                    "cols", "there is no column \(name ?? ""); the table \(names.table) has \(names.listing)")
            }
            return column
        }
    }
}
