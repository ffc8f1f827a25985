extension JSONReader {
    /// Reads a string, whose opening quote is next.
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

    /// Moves to the next quote or backslash, which exists when this returns.
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
        let letter = try peek()
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(letter)
        case UInt8(ascii: "b"): utf8.append(0x08)
        case UInt8(ascii: "f"): utf8.append(0x0C)
        case UInt8(ascii: "n"): utf8.append(0x0A)
        case UInt8(ascii: "r"): utf8.append(0x0D)
        case UInt8(ascii: "t"): utf8.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try readEscapedScalar()
            utf8.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)  // every scalar has a UTF-8 form
        default: throw malformed("The escape is unknown.")
        }
    }

    /// Reads the digits after `\u`, and the second half when they name the first half of a surrogate pair.
    private mutating func readEscapedScalar() throws(WireError) -> Unicode.Scalar {
        let start = position
        let unit = try readHexDigits()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        if UTF16.isLeadSurrogate(UInt16(unit)), try peek() == UInt8(ascii: "\\") {
            position += 1
            try expect(UInt8(ascii: "u"))
            let trail = try readHexDigits()
            if UTF16.isTrailSurrogate(UInt16(trail)),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (trail - 0xDC00))
            {
                return scalar
            }
        }
        throw WireError(.invalidUTF8, "The escape is half of a surrogate pair.", offset: start)
    }

    /// Four digits, so at most 0xFFFF.
    private mutating func readHexDigits() throws(WireError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            let byte = try peek()
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("The escape needs four hexadecimal digits.")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
