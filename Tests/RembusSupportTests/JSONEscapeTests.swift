import RembusSupport
import Testing

/// The escapes of JSON strings.
@Suite struct JSONEscapeTests {
    private func read(_ text: String) throws(JSONEscape.Failure) -> (text: String, position: Int) {
        let bytes = Array(text.utf8)
        var (position, utf8) = (0, [UInt8]())
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(JSONEscape.Failure) in try JSONEscape.read(bytes, &position, into: &utf8) }
        }
        try result.get()
        return (String(decoding: utf8, as: UTF8.self), position)
    }

    @Test(
        "every escape means one character",
        arguments: [
            ("\"", "\""), ("\\", "\\"), ("/", "/"), ("b", "\u{8}"), ("f", "\u{C}"), ("n", "\n"), ("r", "\r"),
            ("t", "\t"),
            ("u00e9", "é"), ("uD83D\\uDE00", "😀"), ("uffff", "\u{FFFF}"),
        ]) func meaning(_ escape: String, _ meant: String) throws
    {
        let found = try read(escape + "more")
        #expect(found.text == meant)
        #expect(found.position == escape.utf8.count)
    }

    @Test(
        "what is none is told apart",
        arguments: [
            ("", JSONEscape.Failure.truncated), ("u12", .truncated), ("x", .unknown), ("u12g4", .digits),
            ("ud83d", .truncated), ("ud83d more", .surrogate(1)), ("ud83d\\n", .surrogate(1)),
            ("ud83d\\u0041", .surrogate(1)), ("ude00", .surrogate(1)),
        ]) func failures(_ escape: String, _ failure: JSONEscape.Failure)
    {
        #expect(throws: failure) { try read(escape) }
    }
}
