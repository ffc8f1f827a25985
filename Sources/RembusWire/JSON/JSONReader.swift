/// Reads JSON texts (RFC 8259) from bytes into values.
struct JSONReader {
    let bytes: UnsafeRawBufferPointer
    var position = 0
    var budget: DecodingBudget
    /// Used where no values are built.
    var keys = JSONKeys()
    var escaped = ""

    init(_ bytes: UnsafeRawBufferPointer, limits: DecodingLimits) {
        self.bytes = bytes
        budget = DecodingBudget(limits)
    }

    /// Reads the whole input as one value.
    mutating func readDocument() throws(WireError) -> Value {
        let value = try readValue(depth: 0)
        skipSpace()
        guard position == bytes.count else {
            throw WireError(.trailingBytes, "Bytes follow the JSON value.", offset: position)
        }
        return value
    }

    mutating func readValue(depth: Int) throws(WireError) -> Value {
        skipSpace()
        try budget.takeItem(at: position)
        switch try peek() {
        case UInt8(ascii: "{"): return .map(ValueMap(lastWins: try readMembers(depth: depth)))
        case UInt8(ascii: "["): return .array(try readElements(depth: depth))
        case UInt8(ascii: "\""): return .text(try readString())
        case UInt8(ascii: "t"): return try readLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try readLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try readLiteral("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw malformed("No JSON value starts with this byte.")
        }
    }

    private mutating func readElements(depth: Int) throws(WireError) -> [Value] {
        var elements: [Value] = []
        try readList(closedBy: UInt8(ascii: "]"), depth: depth) { reader throws(WireError) in
            elements.append(try reader.readValue(depth: depth + 1))
        }
        return elements
    }

    private mutating func readMembers(depth: Int) throws(WireError) -> [ValueMap.Pair] {
        var pairs: [ValueMap.Pair] = []
        try readList(closedBy: UInt8(ascii: "}"), depth: depth) { reader throws(WireError) in
            try reader.budget.takeItem(at: reader.position)
            guard try reader.peek() == UInt8(ascii: "\"") else { throw reader.malformed("A key must be a string.") }
            let key = try reader.readString()
            reader.skipSpace()
            try reader.expect(UInt8(ascii: ":"))
            pairs.append(ValueMap.Pair(key: .text(key), value: try reader.readValue(depth: depth + 1)))
        }
        return pairs
    }

    /// Reads the parts between two brackets, with a call of `readOne` at the start of each.
    @inline(__always)
    mutating func readList(
        closedBy close: UInt8, depth: Int, _ readOne: (inout JSONReader) throws(WireError) -> Void
    ) throws(WireError) {
        try budget.enter(depth: depth, at: position)
        position += 1
        skipSpace()
        if try peek(orMissing: close) == close {
            position += 1
            return
        }
        while true {
            skipSpace()
            _ = try peek(orMissing: close)
            try readOne(&self)
            skipSpace()
            if try peek(orMissing: close) == close {
                position += 1
                return
            }
            try expect(UInt8(ascii: ","))
        }
    }

    mutating func readLiteral(_ word: StaticString, _ value: Value) throws(WireError) -> Value {
        try skipLiteral(word)
        return value
    }

    mutating func skipLiteral(_ word: StaticString) throws(WireError) {
        for index in 0..<word.utf8CodeUnitCount {
            try expect(word.utf8Start[index])
        }
    }
}

extension JSONReader {
    /// The next byte, without advancing.
    func peek() throws(WireError) -> UInt8 {
        guard position < bytes.count else { throw truncated() }
        return bytes[position]
    }

    /// The next byte, without advancing. At the end of the text the error names the bracket that is missing.
    func peek(orMissing close: UInt8) throws(WireError) -> UInt8 {
        guard position < bytes.count else {
            let kind = close == UInt8(ascii: "]") ? "array" : "object"
            throw WireError(
                .truncated, "Missing `\(Character(Unicode.Scalar(close)))`: close the \(kind).", offset: bytes.count)
        }
        return bytes[position]
    }

    /// Skips a byte, which must be the next one.
    mutating func expect(_ byte: UInt8) throws(WireError) {
        guard try peek() == byte else { throw malformed("The JSON text has an unexpected byte.") }
        position += 1
    }

    mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    func truncated() -> WireError {
        WireError(.truncated, "The JSON text ends too early.", offset: bytes.count)
    }

    func malformed(_ message: String) -> WireError {
        WireError(.malformed, message, offset: position)
    }
}
