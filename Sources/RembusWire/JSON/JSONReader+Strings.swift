import RembusSupport

extension JSONReader {
    /// Reads a string, whose opening quote is the next byte.
    mutating func readString() throws(WireError) -> String {
        position += 1
        let start = position
        try skipPlainBytes()
        if bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try text(UnsafeRawBufferPointer(rebasing: bytes[start..<position]), offset: start)
        }
        var utf8 = Array(bytes[start..<position])
        while bytes[position] != UInt8(ascii: "\"") {
            try readEscape(into: &utf8)
            let plain = position
            try skipPlainBytes()
            utf8.append(contentsOf: bytes[plain..<position])
        }
        position += 1
        return try text(utf8, offset: start)
    }

    /// Skips to the next quote or backslash. Throws when there is none.
    private mutating func skipPlainBytes() throws(WireError) {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw malformed("A control character in a string must be escaped.")
            default: position += 1
            }
        }
        throw WireError(.truncated, "Missing `\"`: close the string.", offset: bytes.count)
    }

    private func text(_ utf8: some Collection<UInt8>, offset: Int) throws(WireError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw WireError(.invalidUTF8, "The string is not valid UTF-8.", offset: offset)
        }
        return text
    }

    private mutating func readEscape(into utf8: inout [UInt8]) throws(WireError) {
        position += 1
        do throws(JSONEscape.Failure) {
            try JSONEscape.read(bytes, &position, into: &utf8)
        } catch {
            switch error {
            case .truncated: throw truncated()
            case .unknown: throw malformed("The escape is unknown.")
            case .digits: throw malformed("The escape needs four hexadecimal digits.")
            case .surrogate(let start):
                throw WireError(.invalidUTF8, "The escape is half of a surrogate pair.", offset: start)
            }
        }
    }
}
