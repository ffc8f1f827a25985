/// Quotes names and texts in SQL. Values of clients are bound as parameters instead, wherever SQL allows it.
package enum SQL {
    /// A name as a quoted identifier: `a"b` becomes `"a""b"`.
    package static func identifier(_ name: String) -> String {
        quoted(name, with: UInt8(ascii: "\""))
    }

    /// A qualified name as quoted identifiers joined by dots.
    package static func identifier(_ parts: [String]) -> String {
        parts.map(identifier).joined(separator: ".")
    }

    /// A text as a quoted literal: `it's` becomes `'it''s'`. DuckDB has no escapes in plain literals. A NUL, which
    /// would end the SQL text, becomes `chr(0)`.
    package static func literal(_ text: String) -> String {
        guard text.utf8.contains(0) else { return quoted(text, with: UInt8(ascii: "'")) }
        let parts = text.utf8.split(separator: 0, omittingEmptySubsequences: false)
        let literals = parts.map { quoted(String(Substring($0)), with: UInt8(ascii: "'")) }
        return "(\(literals.joined(separator: " || chr(0) || ")))"
    }

    /// Quoted identifiers separated by commas.
    package static func list(_ names: some Sequence<String>) -> String {
        names.map(identifier).joined(separator: ", ")
    }

    /// Works on bytes, as DuckDB does. In Swift a quote with a combining accent is another character.
    private static func quoted(_ text: String, with quote: UInt8) -> String {
        var bytes: [UInt8] = [quote]
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            if byte == quote { bytes.append(quote) }
            bytes.append(byte)
        }
        bytes.append(quote)
        return String(decoding: bytes, as: UTF8.self)
    }
}
