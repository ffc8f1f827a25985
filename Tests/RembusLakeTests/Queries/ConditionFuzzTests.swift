import Foundation
import RembusLake
import Testing

/// Texts made of pieces of SQL: whatever is accepted must be one harmless expression.
@Suite struct ConditionFuzzTests {
    private static let pieces = [
        "n", "dn", "\"dn\"", "m.n", "1", "-1", "1.5", "1e3", "'x'", "''", "'", "\"", "(", ")", "[", "]", "{", "}", ",",
        ";", "--", "/*", "*/",
        "=", "<>", "<", ">=", "+", "-", "*", "/", "%", "||", "::", "INTEGER", "VARCHAR", "AND", "OR", "NOT", "IN",
        "BETWEEN", "LIKE", "ILIKE",
        "IS", "NULL", "DISTINCT", "FROM", "SELECT", "UNION", "WHERE", "GROUP BY", "ORDER BY", "LIMIT", "CASE", "WHEN",
        "THEN", "ELSE", "END", "CAST(",
        "AS", "lower(", "abs(", "coalesce(", "read_text(", "getenv(", "EXISTS", "ANY", "tenant", "DROP TABLE m",
        "ATTACH 'x'", "#1", "$1", "?", "\\",
        "\u{301}", "\u{200D}", "\n", "\t", "ü", "😀", "\u{FF07}", "$$", "E'\\''", "interval", "date", "x", "->", ":=",
        ".", "t", "true", "AT",
    ]

    @Test func whatIsAcceptedIsHarmless() throws {
        let connection = try Database().connect()
        try connection.execute(
            "CREATE TABLE m (n INTEGER, dn VARCHAR); INSERT INTO m VALUES (1, 'x'); CREATE TABLE tenant (secret VARCHAR)"
        )
        let scope = TableScope(table: "m", columns: ["n", "dn"])
        let cases = ProcessInfo.processInfo.environment["REMBUS_FUZZ_CASES"].flatMap { Int($0) } ?? 2000
        var generator = SystemRandomNumberGenerator()
        var accepted = 0
        for _ in 0..<cases {
            let count = Int.random(in: 1...9, using: &generator)
            var text = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }
                .joined(separator: Bool.random(using: &generator) ? " " : "")
            if Bool.random(using: &generator) { text = "n = 1 AND \(text)" }
            if accepts(text, scope, connection) { accepted += 1 }
        }
        #expect(accepted > 0)
        #expect(try connection.query("SELECT count(*) FROM m").value == 1)
    }

    /// Whether the text is a condition; then its SQL must be one, too, and mean the same.
    private func accepts(_ text: String, _ scope: TableScope, _ connection: DatabaseConnection) -> Bool {
        guard let condition = try? Condition(text, scope: scope, parser: connection) else { return false }
        // Quoting loses nothing and adds nothing.
        let again = try? Condition(condition.sql, scope: scope, parser: connection)
        let third = again.flatMap { try? Condition($0.sql, scope: scope, parser: connection) }
        #expect(third != nil && third == again, "\(text)")
        do throws(LakeError) {
            _ = try connection.query("SELECT * FROM m WHERE \(condition.sql)")
        } catch {
            // That types do not fit is found by the database only, but our SQL is always SQL.
            #expect(error.kind != .syntax, "\(text): \(error)")
        }
        return true
    }
}
