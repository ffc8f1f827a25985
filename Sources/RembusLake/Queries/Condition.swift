/// A client's `where` as SQL of our own (storage.md §6.4.1), for a statement that takes a condition and nothing else.
package struct Condition: Sendable, Equatable {
    /// An expression in which everything is quoted.
    package let sql: String

    /// Checks the text of a `where`.
    ///
    /// - Parameters:
    ///   - text: What the client sent; never a part of any SQL that is executed.
    ///   - scope: The table it is about.
    ///   - parser: A connection of whichever database; only DuckDB's parser is used.
    /// - Throws: ``LakeError/Kind/invalid``, naming what is not allowed.
    package init(_ text: String, scope: TableScope, parser: DatabaseConnection) throws(LakeError) {
        let tree = try SyntaxTree(list: "1", rest: "WHERE \(text)", of: "where", parser: parser)
        guard tree.modifiers.isEmpty else {
            throw .refused("where", "ORDER BY and LIMIT are not allowed here")
        }
        try tree.checkPlain("where")
        sql = try Self.condition(of: tree, scope)
    }

    /// The condition of a parsed text.
    static func condition(of tree: SyntaxTree, _ scope: TableScope) throws(LakeError) -> String {
        guard let condition = tree.condition, tree.selection.count == 1,
            tree.selection[0].expressionClass == "CONSTANT"
        else { throw .refused("where", "the text is not one condition") }
        var writer = ExpressionWriter(key: "where", scope: scope)
        guard condition.alias.isEmpty else { throw .refused("where", "the text is not one condition") }
        return try writer.write(condition)
    }
}
