import RembusSupport

/// Reads JSON texts (RFC 8259) into cells: objects become structures in the order of their members.
struct JSONCellParser {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    /// How deep arrays and objects may be nested.
    private static let maxDepth = 64

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The value that a whole text stands for.
    static func cell(_ text: String) throws(DataFrameError) -> Cell {
        var text = text
        let result = text.withUTF8 { utf8 in
            Result { () throws(DataFrameError) in
                var parser = JSONCellParser(UnsafeRawBufferPointer(utf8))
                let cell = try parser.value()
                try parser.end()
                return cell
            }
        }
        return try result.get()
    }

    /// Whether nothing but blanks is left.
    mutating func isAtEnd() -> Bool {
        skipBlanks()
        return position == bytes.count
    }

    /// Throws if something is left.
    mutating func end() throws(DataFrameError) {
        guard isAtEnd() else { throw malformed("something follows the JSON value") }
    }

    /// Moves over a byte if it is next, blanks before it left out.
    mutating func take(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    /// Reads a value of any kind.
    mutating func value(depth: Int = 0) throws(DataFrameError) -> Cell {
        guard depth <= Self.maxDepth else { throw malformed("the JSON value is nested too deeply") }
        if take(UInt8(ascii: "{")) { return .structure(try members(depth: depth)) }
        if take(UInt8(ascii: "[")) { return .list(try elements(depth: depth)) }
        if take(UInt8(ascii: "\"")) { return .text(try string()) }
        if word("null") { return .null }
        if word("true") { return .bool(true) }
        if word("false") { return .bool(false) }
        return try number()
    }

    private mutating func elements(depth: Int) throws(DataFrameError) -> [Cell] {
        var cells: [Cell] = []
        if take(UInt8(ascii: "]")) { return cells }
        repeat { cells.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return cells
    }

    private mutating func members(depth: Int) throws(DataFrameError) -> [Cell.Member] {
        var members: [Cell.Member] = []
        if take(UInt8(ascii: "}")) { return members }
        repeat {
            try expect(UInt8(ascii: "\""))
            let name = try string()
            try expect(UInt8(ascii: ":"))
            members.append(Cell.Member(name, try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
        return members
    }

    mutating func expect(_ byte: UInt8) throws(DataFrameError) {
        guard take(byte) else { throw malformed("\(Character(UnicodeScalar(byte))) is missing") }
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    private mutating func word(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] { return false }
        position += length
        return true
    }

    /// Integers of 64 bits are exact, other numbers the nearest double.
    private mutating func number() throws(DataFrameError) -> Cell {
        let start = position
        var isInteger = true
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): position += 1
            case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"):
                isInteger = false
                position += 1
            default: return try number(start, isInteger)
            }
        }
        return try number(start, isInteger)
    }

    private func number(_ start: Int, _ isInteger: Bool) throws(DataFrameError) -> Cell {
        let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: ".") else {
            throw malformed(position == bytes.count ? "the JSON text ends too early" : "no JSON value starts here")
        }
        if isInteger, let number = Int64(text) { return .int(number) }
        if isInteger, let number = UInt64(text) { return .uint(number) }
        guard let number = Double(text), number.isFinite else {
            throw malformed("a number is malformed or out of range")
        }
        return .double(number)
    }

    /// Reads a string behind its opening quote.
    private mutating func string() throws(DataFrameError) -> String {
        var utf8: [UInt8] = []
        while true {
            let plain = position
            while position < bytes.count, bytes[position] >= 0x20, bytes[position] != 0x22, bytes[position] != 0x5C {
                position += 1
            }
            utf8.append(contentsOf: bytes[plain..<position])
            guard position < bytes.count else { throw malformed("a JSON string does not end") }
            let byte = bytes[position]
            position += 1
            if byte == 0x22 { break }
            guard byte == 0x5C else { throw malformed("a control character in a JSON string") }
            try escape(into: &utf8)
        }
        guard let text = String(validating: utf8, as: UTF8.self) else { throw malformed("a JSON string is not UTF-8") }
        return text
    }

    private mutating func escape(into utf8: inout [UInt8]) throws(DataFrameError) {
        do throws(JSONEscape.Failure) {
            try JSONEscape.read(bytes, &position, into: &utf8)
        } catch {
            switch error {
            case .truncated: throw malformed("a JSON string does not end")
            case .unknown: throw malformed("an unknown escape in a JSON string")
            case .digits: throw malformed("\\u needs four hexadecimal digits")
            case .surrogate: throw malformed("half of a surrogate pair")
            }
        }
    }

    private func malformed(_ message: String) -> DataFrameError {
        let line = 1 + bytes[..<min(position, bytes.count)].count { $0 == 0x0A }
        return DataFrameError(.malformed, "line \(line): \(message)")
    }
}
