/// Numbers in text, as DuckDB reads and writes them.
enum NumberText {
    /// Without the blanks that DuckDB skips around numbers.
    static func trimmed(_ text: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
        var slice = text[...]
        while let first = slice.first, isBlank(first) { slice.removeFirst() }
        while let last = slice.last, isBlank(last) { slice.removeLast() }
        return slice
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// The value of `0x1F` and `0b11`, which have no sign; nil for any other text and beyond 64 bits.
    static func prefixedInteger(_ text: UnsafeRawBufferPointer) -> UInt64? {
        let bytes = trimmed(text)
        guard bytes.count > 2, bytes.first == UInt8(ascii: "0") else { return nil }
        let radix: UInt64
        switch bytes[bytes.startIndex + 1] | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "b"): radix = 2
        default: return nil
        }
        var value: UInt64 = 0
        var wasDigit = false
        for byte in bytes.dropFirst(2) {
            if byte == UInt8(ascii: "_"), wasDigit {
                wasDigit = false
                continue
            }
            guard let digit = hexDigit(byte), digit < radix else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: radix)
            guard !overflow else { return nil }
            value = product + digit
            wasDigit = true
        }
        return wasDigit ? value : nil
    }

    static func hexDigit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The nearest double; infinity beyond the range. Nil when the text is no number.
    static func double(_ text: UnsafeRawBufferPointer) -> Double? {
        guard let number = DecimalText(text) else { return special(text) }
        // Both are exact, so that the result is rounded once.
        if number.mantissa <= 1 << 53, number.exponent.magnitude <= 22 {
            let mantissa = Double(UInt64(truncatingIfNeeded: number.mantissa))
            let scaled =
                number.exponent < 0
                ? mantissa / exactPowers[-number.exponent] : mantissa * exactPowers[number.exponent]
            return number.isNegative ? -scaled : scaled
        }
        return Double(number.scientific)
    }

    /// The nearest float, rounded once.
    static func float(_ text: UnsafeRawBufferPointer) -> Float? {
        guard let number = DecimalText(text) else { return special(text).map(Float.init) }
        return Float(number.scientific)
    }

    /// Powers of ten that a double holds exactly.
    private static let exactPowers: [Double] = (0...22).map { Double(DecimalText.powersOfTen[$0]) }

    private static func special(_ text: UnsafeRawBufferPointer) -> Double? {
        let bytes = trimmed(text)
        guard bytes.count <= 9 else { return nil }
        var word = String(decoding: bytes, as: UTF8.self).lowercased()[...]
        let isNegative = word.first == "-"
        if isNegative || word.first == "+" { word.removeFirst() }
        switch word {
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        case "nan": return .nan
        default: return nil
        }
    }

    /// The shortest digits that give the number back: with a point from 0.0001 to below 10^16, else with an exponent of at
    /// least two digits.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let sign = value.sign == .minus ? "-" : ""
        if value == 0 { return sign + "0.0" }
        // Swift finds the same digits; only where it puts point and exponent differs.
        let parts = value.magnitude.description.split(separator: "e")
        let decimal = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        var point = decimal[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        var digits = Array(decimal.joined())
        while digits.count > 1, digits[0] == "0" {
            digits.removeFirst()
            point -= 1
        }
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        let exponent = point - 1
        if exponent < -4 || exponent >= 16 {
            let rest = digits.count > 1 ? "." + String(digits.dropFirst()) : ""
            let power = String(exponent.magnitude)
            return sign + String(digits[0]) + rest + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" : "") + power
        }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + String(digits) }
        if point >= digits.count {
            return sign + String(digits) + String(repeating: "0", count: point - digits.count) + ".0"
        }
        return sign + String(digits[..<point]) + "." + String(digits[point...])
    }
}

extension DecimalText {
    /// The number in a form that every parser accepts.
    var scientific: String { "\(isNegative ? "-" : "")\(mantissa)e\(exponent)" }
}
