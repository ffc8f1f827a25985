package import NIOCore

/// A JSON text that a person has written: its value, and the lines and columns of its parts for error messages.
package struct JSONText: Sendable {
    /// A step from a value to one of its parts.
    package enum Step: Sendable, Hashable {
        case key(String)
        case element(Int)
    }

    /// A position in the text. Lines and columns count from 1; columns count characters.
    package struct Position: Sendable, Hashable, CustomStringConvertible {
        package var line: Int
        package var column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package var description: String { "line \(line), column \(column)" }
    }

    /// A syntax error, with its position.
    package struct SyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
        package var position: Position
        /// The problem, without a full stop.
        package var problem: String

        package var description: String { "\(position): \(problem)" }
    }

    /// The value of the text.
    package let value: Value
    private let bytes: [UInt8]

    /// Parses a text.
    ///
    /// - Throws: The first syntax error or repeated key, with its position.
    package init(_ bytes: [UInt8]) throws(SyntaxError) {
        self.bytes = bytes
        do {
            value = try Value(json: ByteBuffer(bytes: bytes))
        } catch {
            let position = Self.position(of: error.offset, in: bytes)
            throw SyntaxError(position: position, problem: Self.problem(error, in: bytes))
        }
        // One of two equal keys would be silently ignored, and only the author knows which one is meant.
        var finder = JSONPartFinder(bytes: bytes)
        if let (name, offset) = finder.findRepeatedKey() {
            throw SyntaxError(
                position: Self.position(of: offset, in: bytes),
                problem: "the key \"\(name)\" stands in this object for the second time; keep one of the two")
        }
    }

    /// Parses the text in a buffer.
    package init(_ buffer: ByteBuffer) throws(SyntaxError) {
        try self.init(Array(buffer.readableBytesView))
    }

    /// The position of the part that these steps lead to; for a member of an object the position of its key. nil when
    /// there is no such part.
    package func position(of steps: [Step]) -> Position? {
        var finder = JSONPartFinder(bytes: bytes)
        return finder.find(steps[...]).map { Self.position(of: $0, in: bytes) }
    }

    private static func position(of offset: Int, in bytes: [UInt8]) -> Position {
        let before = bytes.prefix(offset)
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // Continuation bytes of a character are not columns of their own.
        let column = before[start...].count { $0 & 0xC0 != 0x80 } + 1
        return Position(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: column)
    }

    /// The encoding of a text that is not in UTF-8, as some editors write it; nil for a text that may be JSON.
    private static func foreignEncoding(of bytes: [UInt8]) -> String? {
        switch (bytes.first, bytes.dropFirst().first, bytes.dropFirst(2).first) {
        case (0xEF, 0xBB, 0xBF): "UTF-8 with a byte order mark"
        case (0xFF, 0xFE, _), (0xFE, 0xFF, _), (0, 0, 0xFE): "UTF-16 or UTF-32"
        // The first two characters of a JSON text are ASCII.
        case (0, .some(0x01...), _), (.some(0x01...), 0, _): "UTF-16 or UTF-32"
        default: nil
        }
    }

    /// The reader's message, with the likely mistake.
    private static func problem(_ error: WireError, in bytes: [UInt8]) -> String {
        var reason = error.message
        if reason.hasSuffix(".") { reason.removeLast() }
        guard error.offset < bytes.count else { return reason }
        if let encoding = foreignEncoding(of: bytes) {
            return "The text is \(encoding): save it as UTF-8, without a byte order mark"
        }
        let next = bytes[error.offset]
        let before = bytes.prefix(error.offset).last { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        switch next {
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if before == UInt8(ascii: ",") { return "\(reason): there is a comma before the closing bracket" }
        case UInt8(ascii: "/"), UInt8(ascii: "#"): return "\(reason): JSON has no comments"
        case UInt8(ascii: "'"): return "\(reason): texts stand in double quotes"
        case UInt8(ascii: "\""): return "\(reason): a comma may be missing before this"
        default: break
        }
        return reason
    }
}
