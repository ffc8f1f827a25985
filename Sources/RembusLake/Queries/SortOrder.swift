/// A client's `order`, an extension of ours, as SQL of our own: `column [ASC|DESC] [NULLS FIRST|LAST], …`.
package struct SortOrder: Sendable, Equatable {
    /// What follows `ORDER BY`.
    package let sql: String

    /// Checks the text of an `order`. Expressions of columns and the names given in `selection` are allowed, too.
    ///
    /// - Throws: ``LakeError/Kind/invalid``, naming what is not allowed.
    package init(
        _ text: String, scope: TableScope, selection: ColumnSelection, parser: Connection
    ) throws(LakeError) {
        let tree = try SyntaxTree(list: "1", rest: "ORDER BY \(text)", of: "order", parser: parser)
        guard tree.condition == nil, tree.modifiers.count == 1, let modifier = tree.modifiers.first,
            modifier.type == "ORDER_MODIFIER", let orders = modifier.nodes("orders"), !orders.isEmpty
        else { throw .refused("order", "only columns are allowed, each with ASC or DESC and NULLS FIRST or LAST") }
        let names = TableScope(table: scope.table, columns: scope.columns + selection.aliases)
        var items: [String] = []
        for order in orders {
            guard let expression = order.node("expression"), expression.expressionClass != "CONSTANT" else {
                throw .refused("order", "columns are named, not numbered")
            }
            var writer = ExpressionWriter(
                key: "order", scope: names, allowsAggregates: !selection.grouping.isEmpty)
            guard expression.alias.isEmpty else { throw .refused("order", "AS is not allowed") }
            let direction = try Self.word(
                order.type, ["ORDER_DEFAULT": "", "ASCENDING": " ASC", "DESCENDING": " DESC"])
            let nulls = try Self.word(
                order.text("null_order") ?? "",
                ["ORDER_DEFAULT": "", "NULLS FIRST": " NULLS FIRST", "NULLS LAST": " NULLS LAST"])
            items.append(try writer.write(expression) + direction + nulls)
        }
        sql = items.joined(separator: ", ")
    }

    private static func word(_ name: String, _ words: [String: String]) throws(LakeError) -> String {
        guard let word = words[name] else { throw .refused("order", "this order is not known") }
        return word
    }
}
