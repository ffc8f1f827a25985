import RembusWire

/// A query's `where` as generated SQL: a condition, with the clauses that may follow it in SQL. The reference inserts
/// the text behind `WHERE`, so its clients write `true GROUP BY dn HAVING count(*) > 2` there.
package struct QueryClauses: Sendable, Equatable {
    /// The condition.
    package let condition: String
    /// `GROUP BY …`; may be empty.
    package let grouping: String
    /// The part behind `HAVING`; nil without one.
    package let having: String?
    /// The part behind `QUALIFY`; nil without one.
    package let qualify: String?
    /// The part behind `ORDER BY`; nil without one.
    package let order: String?
    /// The most rows; nil without `LIMIT`.
    package let limit: UInt64?
    /// The number of rows that are skipped; nil without `OFFSET`.
    package let offset: UInt64?

    /// `ROLLUP` and `CUBE` of many columns have very many sets.
    private static let maximumSets = 64

    /// Checks the text of a `where`. It may use the names that are given in `selection`.
    ///
    /// - Throws: ``LakeError/Kind/invalid`` with the name of what is not allowed.
    package init(
        _ text: String, scope: TableScope, selection: ColumnSelection, parser: DatabaseConnection
    ) throws(LakeError) {
        let tree = try SyntaxTree(list: "1", rest: "WHERE \(text)", of: "where", parser: parser)
        let names = selection.names
        // All clauses except the order are evaluated before `unnest` repeats rows.
        var single = names
        single.element = nil
        condition = try Condition.condition(of: tree, single)
        grouping = try Self.grouping(tree, single)
        having = try Self.expression(tree.having, single, allowsWindows: false)
        qualify = try Self.expression(tree.qualify, single, allowsWindows: true)
        var (order, limit, offset): (String?, UInt64?, UInt64?)
        for modifier in tree.modifiers {
            switch modifier.type {
            case "ORDER_MODIFIER":
                order = try SortOrder.sql(
                    modifier, key: "where", scope: names, allowsAggregates: selection.isAggregated || !grouping.isEmpty)
            case "LIMIT_MODIFIER":
                limit = try Self.count(modifier.node("limit"))
                offset = try Self.count(modifier.node("offset"))
            default: throw .refused("where", "only ORDER BY, LIMIT and OFFSET may stand behind a condition")
            }
        }
        (self.order, self.limit, self.offset) = (order, limit, offset)
    }

    private static func grouping(_ tree: SyntaxTree, _ scope: TableScope) throws(LakeError) -> String {
        if tree.groupsByAll { return "GROUP BY ALL" }
        guard !tree.groupSets.isEmpty || !tree.groups.isEmpty else { return "" }
        guard tree.groupSets.count <= maximumSets else {
            throw .refused("where", "GROUP BY may have at most \(maximumSets) sets of columns")
        }
        var groups: [String] = []
        for group in tree.groups {
            // `GROUP BY 1` is the first column of the selection.
            if group.expressionClass == "CONSTANT", let number = group.node("value")?.value["value"]?.intValue {
                groups.append(String(number))
                continue
            }
            var writer = ExpressionWriter(key: "where", scope: scope)
            guard group.alias.isEmpty else { throw .refused("where", "AS is not allowed in GROUP BY") }
            groups.append(try writer.write(group))
        }
        var sets: [String] = []
        for set in tree.groupSets {
            guard set.allSatisfy(groups.indices.contains) else { throw .refused("where", "this GROUP BY is not known") }
            sets.append("(\(set.map { groups[$0] }.joined(separator: ", ")))")
        }
        if sets.count == 1, tree.groupSets[0].count == groups.count, !groups.isEmpty {
            return "GROUP BY \(groups.joined(separator: ", "))"
        }
        return "GROUP BY GROUPING SETS (\(sets.joined(separator: ", ")))"
    }

    private static func expression(
        _ node: SyntaxNode?, _ scope: TableScope, allowsWindows: Bool
    ) throws(LakeError) -> String? {
        guard let node else { return nil }
        var writer = ExpressionWriter(key: "where", scope: scope, allowsAggregates: true, allowsWindows: allowsWindows)
        return try writer.write(node)
    }

    private static func count(_ node: SyntaxNode?) throws(LakeError) -> UInt64? {
        guard let node else { return nil }
        guard node.expressionClass == "CONSTANT", let number = node.node("value")?.value["value"]?.uintValue else {
            throw .refused("where", "LIMIT and OFFSET take whole numbers")
        }
        return number
    }
}
