import RembusLake
import Testing

@Suite struct QuotingTests {
    @Test(arguments: [
        "", "plain", "it's", "''", "a\"b", "\\' OR 1=1 --", "'\u{301}combining", "\"\u{301}combining", "nul\0'inside\0",
        "line\nbreak", "\u{2019}", "ʼ", "%_;/* */", "\u{200D}'", "🇮🇹'🇮🇹",
    ])
    func quotedTextsStayTexts(text: String) throws {
        let connection = try Database().connect()
        #expect(try connection.query("SELECT \(SQL.literal(text))").value == .text(text))
        guard !text.isEmpty, !text.utf8.contains(0) else { return }
        let result = try connection.query("SELECT 1 AS \(SQL.identifier(text))")
        #expect(result.columns.map(\.name) == [text])
    }

    @Test func namesAreQualifiedAndListed() {
        #expect(SQL.identifier(["rl", "main", "t\"x"]) == #""rl"."main"."t""x""#)
        #expect(SQL.list(["a", "b"]) == #""a", "b""#)
    }

    @Test(arguments: [
        ("postgresql://user:pa:ss%40@host:5432/db failed", "postgresql://user:***@host:5432/db failed"),
        ("dbname=x password=geheim host=y", "dbname=x password=*** host=y"),
        ("password = 'with space' host=y", "password = *** host=y"),
        (
            "CREATE SECRET (TYPE s3, KEY_ID 'AKIA', SECRET 'abc''d')",
            "CREATE SECRET (TYPE s3, KEY_ID '***', SECRET '***')"
        ),
        ("secret_access_key='x', region='eu'", "secret_access_key=***, region='eu'"),
        ("Table with name password does not exist", "Table with name password does not exist"),
        ("http://host/path@x and a:b", "http://host/path@x and a:b"),
    ])
    func secretsAreTakenOutOfErrors(text: String, expected: String) {
        #expect(LakeError(.io, text).message == expected)
    }
}
