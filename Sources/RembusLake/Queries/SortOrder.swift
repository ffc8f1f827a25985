/// A client's `order`, an extension of this implementation, as generated SQL: `column [ASC|DESC] [NULLS FIRST|LAST],
/// …`.
package struct SortOrder: Sendable, Equatable {
    /// The part behind `ORDER BY`.
    package let sql: String

    /// Checks the text of an `order`. It may use expressions of columns, and the names that are given in `selection`.
    ///
    /// - Throws: ``LakeError/Kind/invalid`` with the name of what is not allowed.
    package init(
        _ text: String, scope: TableScope, selection: ColumnSelection, isGrouped: Bool = false,
        parser: DatabaseConnection
    ) throws(LakeError) {
        let tree = try SyntaxTree(list: "1", rest: "ORDER BY \(text)", of: "order", parser: parser)
        try tree.checkPlain("order")
        guard tree.condition == nil, tree.modifiers.count == 1, let modifier = tree.modifiers.first,
            modifier.type == "ORDER_MODIFIER"
        else { throw .refused("order", "only columns are allowed, each with ASC or DESC and NULLS FIRST or LAST") }
        sql = try Self.sql(
            modifier, key: "order", scope: selection.names, allowsAggregates: isGrouped || selection.isAggregated)
    }

    /// The SQL of an `ORDER BY`; `key` is the argument with the text.
    static func sql(
        _ modifier: SyntaxNode, key: String, scope: TableScope, allowsAggregates: Bool
    ) throws(LakeError) -> String {
        guard let orders = modifier.nodes("orders"), !orders.isEmpty else {
            throw .refused(key, "only columns are allowed, each with ASC or DESC and NULLS FIRST or LAST")
        }
        var items: [String] = []
        for order in orders {
            guard let expression = order.node("expression"), expression.expressionClass != "CONSTANT" else {
                throw .refused(key, "columns are named, not numbered")
            }
            var writer = ExpressionWriter(
                key: key, scope: scope, allowsAggregates: allowsAggregates, allowsWindows: true)
            writer.isOrder = true
            // This is `ORDER BY ALL`.
            if expression.expressionClass == "STAR", expression.isEmpty("expr"), expression.isEmpty("exclude_list"),
                orders.count == 1
            {
                items.append("ALL" + (try writer.direction(order)))
                continue
            }
            guard expression.alias.isEmpty else { throw .refused(key, "AS is not allowed") }
            items.append(try writer.write(expression) + (try writer.direction(order)))
        }
        return items.joined(separator: ", ")
    }
}
