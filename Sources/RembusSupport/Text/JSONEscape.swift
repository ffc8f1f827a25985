/// Escapes in a string of a JSON text (RFC 8259 §7).
package enum JSONEscape {
    package enum Failure: Error, Equatable {
        /// The text ends within the escape.
        case truncated
        /// No escape begins with this letter.
        case unknown
        /// There are no four hexadecimal digits.
        case digits
        /// The escape is half of a surrogate pair and begins at this offset.
        case surrogate(Int)
    }

    /// Decodes an escape and appends it as UTF-8.
    /// - Parameter position: The position behind the backslash; afterwards the one behind the escape, or that of the
    ///   error.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, _ position: inout Int, into utf8: inout [UInt8]
    ) throws(Failure) {
        guard position < bytes.count else { throw .truncated }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): utf8.append(letter)
        case UInt8(ascii: "b"): utf8.append(0x08)
        case UInt8(ascii: "f"): utf8.append(0x0C)
        case UInt8(ascii: "n"): utf8.append(0x0A)
        case UInt8(ascii: "r"): utf8.append(0x0D)
        case UInt8(ascii: "t"): utf8.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try scalar(bytes, &position)
            utf8.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)  // every scalar has a UTF-8 form
        default: throw .unknown
        }
    }

    /// Reads the digits behind `u` and, if they are the first half of a surrogate pair, the second half.
    private static func scalar(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(Failure) -> Unicode.Scalar
    {
        let start = position
        let unit = try digits(bytes, &position)
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(unit)) else { throw .surrogate(start) }
        guard position < bytes.count else { throw .truncated }
        guard bytes[position] == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw .surrogate(start) }
        position += 2
        let trail = try digits(bytes, &position)
        guard UTF16.isTrailSurrogate(UInt16(trail)),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (trail - 0xDC00))
        else { throw .surrogate(start) }
        return scalar
    }

    /// Four digits, so at most 0xFFFF.
    private static func digits(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) throws(Failure) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count else { throw .truncated }
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else { throw .digits }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }
}
