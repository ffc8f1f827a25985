import RembusWire
import Testing

@Suite struct JSONTextTests {
    private let text = """
        {
          "odd \\" key": [10, {"a": "}]"},
            [[], {}], "ü", true],
          "port": {"inner": null}
        }
        """

    @Test(
        arguments: [
            ([], 1, 1), ([.key("port")], 4, 3), ([.key("port"), .key("inner")], 4, 12), ([.key("odd \" key")], 2, 3),
            ([.key("odd \" key"), .element(0)], 2, 18), ([.key("odd \" key"), .element(1), .key("a")], 2, 23),
            ([.key("odd \" key"), .element(2)], 3, 5), ([.key("odd \" key"), .element(2), .element(1)], 3, 10),
            ([.key("odd \" key"), .element(4)], 3, 20),
        ] as [([JSONText.Step], Int, Int)])
    func aPartIsFound(steps: [JSONText.Step], line: Int, column: Int) throws {
        let text = try JSONText(Array(self.text.utf8))
        #expect(text.position(of: steps) == JSONText.Position(line: line, column: column))
    }

    @Test(
        arguments: [
            [.key("none")], [.key("port"), .key("none")], [.element(0)], [.key("odd \" key"), .element(5)],
            [.key("port"), .key("inner"), .key("x")],
        ] as [[JSONText.Step]])
    func whatIsNotThereHasNoPlace(steps: [JSONText.Step]) throws {
        #expect(try JSONText(Array(text.utf8)).position(of: steps) == nil)
    }

    @Test(arguments: [
        ("", 1, 1), ("{\n\"a\": 1,\n}", 3, 1), ("{\"a\": 1}\n x", 2, 2), ("[1 2]", 1, 4), ("{'a': 1}", 1, 2),
        ("\u{FEFF}{}", 1, 1),
    ])
    func whatIsNoJSONIsSaidWithItsPlace(text: String, line: Int, column: Int) {
        let error = #expect(throws: JSONText.SyntaxError.self) { try JSONText(Array(text.utf8)) }
        #expect(error?.position == JSONText.Position(line: line, column: column), "\(String(describing: error))")
    }

    @Test(
        arguments: [
            ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], "UTF-8 with a byte order mark"),
            ([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], "UTF-16"),
            ([0xFE, 0xFF, 0, 0x7B, 0, 0x7D], "UTF-16"), ([0x7B, 0, 0x7D, 0], "UTF-16"), ([0, 0x7B, 0, 0x7D], "UTF-16"),
            ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], "UTF-32"),
        ] as [([UInt8], String)])
    func anotherEncodingIsSaid(bytes: [UInt8], encoding: String) {
        let error = #expect(throws: JSONText.SyntaxError.self) { try JSONText(bytes) }
        #expect(error?.problem.contains(encoding) == true && error?.problem.contains("save it as UTF-8") == true)
    }

    @Test(
        arguments: [
            ("{\"a\": 1, \"b\": {\"a\": 2}, \"a\": 3}", "a", 1, 25), ("[{\"x\": 1,\n \"\\u0078\": 2}]", "x", 2, 2),
            ("{\"o\": [{\"k\": {}, \"l\": [1, \"k\"], \"k\": 0}]}", "k", 1, 33), ("{\"\": 1, \"\": 1}", "", 1, 9),
        ])
    func aKeyThatStandsTwiceIsRefusedWhereItStandsAgain(text: String, key: String, line: Int, column: Int) {
        let error = #expect(throws: JSONText.SyntaxError.self) { try JSONText(Array(text.utf8)) }
        #expect(error?.position == JSONText.Position(line: line, column: column))
        #expect(error?.problem.contains("the key \"\(key)\" stands in this object for the second time") == true)
    }

    @Test(arguments: [
        "{\"a\": \"a\", \"b\": {\"a\": 1, \"b\": 2}}", "[{\"a\": 1}, {\"a\": 1}, \"a\", \"a\"]", "\"a\"",
        "{\"a\": [\"b\", \"b\"], \"b\": 1}",
    ])
    func equalKeysOfDifferentObjectsAreFine(text: String) throws {
        _ = try JSONText(Array(text.utf8))
    }

    @Test(
        arguments: [
            ("prot", "port"), ("nulable", "nullable"), ("colums", "columns"), ("PORT", "port"), ("columnss", "columns"),
            ("potr", "port"), ("hots", "host"), ("elsewhere", nil), ("x", nil), ("y", nil), ("", nil),
        ] as [(String, String?)])
    func aMisspeltNameIsGuessed(name: String, meant: String?) {
        #expect(Spelling.nearest(to: name, in: ["port", "host", "nullable", "columns", "record", "k"]) == meant)
    }
}
