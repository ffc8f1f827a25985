/// A client's `where` as generated SQL (storage.md §6.4.1), for a statement that takes only a condition.
package struct Condition: Sendable, Equatable {
    /// The expression, with all names and texts quoted.
    package let sql: String

    /// Checks the text of a `where`.
    ///
    /// - Parameters:
    ///   - text: The client's text, which never becomes part of executed SQL.
    ///   - scope: The table.
    ///   - parser: A connection to any database, whose parser is used.
    /// - Throws: ``LakeError/Kind/invalid`` with the name of what is not allowed.
    package init(_ text: String, scope: TableScope, parser: DatabaseConnection) throws(LakeError) {
        let tree = try SyntaxTree(list: "1", rest: "WHERE \(text)", of: "where", parser: parser)
        guard tree.modifiers.isEmpty else {
            throw .refused("where", "ORDER BY and LIMIT are not allowed here")
        }
        try tree.checkPlain("where")
        sql = try Self.condition(of: tree, scope)
    }

    /// The condition in a parsed text.
    static func condition(of tree: SyntaxTree, _ scope: TableScope) throws(LakeError) -> String {
        guard let condition = tree.condition, tree.selection.count == 1,
            tree.selection[0].expressionClass == "CONSTANT"
        else { throw .refused("where", "the text is not one condition") }
        var writer = ExpressionWriter(key: "where", scope: scope)
        guard condition.alias.isEmpty else { throw .refused("where", "the text is not one condition") }
        return try writer.write(condition)
    }
}
