extension JSONReader {
    /// Reads a number: exactly when it is an integer or has more digits than a float (``ExactNumber``), otherwise as a
    /// float. Numbers beyond the range of `Double` are refused.
    mutating func readNumber() throws(WireError) -> Value {
        switch shortNumber() {
        case .unsigned(let value)?: return .integer(Int64(value))
        case .negative(let magnitude)?: return .integer(-Int64(magnitude))
        case .float(let value)?: return .float(value)
        case nil: return try readLongNumber()
        }
    }

    /// A number in the most frequent forms.
    enum ShortNumber {
        /// An integer below 10¹⁸, as are all of these.
        case unsigned(UInt64)
        /// The magnitude of a negative integer, which is not zero.
        case negative(UInt64)
        case float(Double)
    }

    /// Reads a whole number of at most 18 digits, or one with a point and at most 15 digits. Returns nil, and reads
    /// nothing, for other numbers and for malformed ones.
    @inline(__always)
    mutating func shortNumber() -> ShortNumber? {
        var end = position
        let isNegative = end < bytes.count && bytes[end] == UInt8(ascii: "-")
        if isNegative { end += 1 }
        let first = end
        var digits: UInt64 = 0
        takeDigits(from: &end, into: &digits)
        let count = end - first
        guard count > 0, count <= 18, count == 1 || bytes[first] != UInt8(ascii: "0") else { return nil }
        let next = end < bytes.count ? bytes[end] : 0
        guard next == UInt8(ascii: ".") else {
            guard next | 0x20 != UInt8(ascii: "e"), !isNegative || digits > 0 else { return nil }
            position = end
            return isNegative ? .negative(digits) : .unsigned(digits)
        }
        end += 1
        let point = end
        takeDigits(from: &end, into: &digits)
        let places = end - point
        guard places > 0, count + places <= 15, end == bytes.count || bytes[end] | 0x20 != UInt8(ascii: "e") else {
            return nil
        }
        position = end
        // Both are exact as floats, so their quotient is the nearest float.
        let magnitude = Double(digits) / Self.powersOfTen[places]
        return .float(isNegative ? -magnitude : magnitude)
    }

    /// Reads digits. The number is valid for up to 19 of them.
    @inline(__always)
    private func takeDigits(from end: inout Int, into number: inout UInt64) {
        while end < bytes.count {
            let digit = bytes[end] &- UInt8(ascii: "0")
            guard digit < 10 else { return }
            number = number &* 10 &+ UInt64(digit)
            end &+= 1
        }
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    private mutating func readLongNumber() throws(WireError) -> Value {
        let start = position
        let isNegative = try peek() == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let integer = try readInteger()
        let isFloat = try skipFractionAndExponent()
        if !isFloat, let integer {
            if !isNegative { return Value(unsigned: integer) }
            if let value = Int64(exactly: integer).map({ -$0 }) { return .integer(value) }
            if integer == Int64.min.magnitude { return .integer(.min) }
        }
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
        let token = String(decoding: bytes, as: UTF8.self)
        guard let value = Double(token), value.isFinite else {
            throw WireError(.malformed, "The number is out of range.", offset: start)
        }
        // Fifteen digits, which is the most here, are exact in any float.
        if bytes.count <= 15 { return .float(value) }
        return ExactNumber.value(of: bytes, nearest: value) ?? .float(value)
    }

    /// Reads the digits before the point; nil when the number needs more than 64 bits.
    private mutating func readInteger() throws(WireError) -> UInt64? {
        if try peek() == UInt8(ascii: "0") {
            position += 1
            return 0
        }
        var value: UInt64? = 0
        try readDigits { digit in
            guard let (product, overflow) = value?.multipliedReportingOverflow(by: 10), !overflow else {
                return value = nil
            }
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            value = carry ? nil : sum
        }
        return value
    }

    private mutating func skipFractionAndExponent() throws(WireError) -> Bool {
        var found = false
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            found = true
            position += 1
            try readDigits { _ in }
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            found = true
            position += 1
            let sign = try peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try readDigits { _ in }
        }
        return found
    }

    /// Reads digits, at least one.
    private mutating func readDigits(_ body: (UInt8) -> Void) throws(WireError) {
        let start = position
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 {
            body(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        guard position > start else {
            throw position == bytes.count ? truncated() : malformed("The number lacks digits.")
        }
    }
}
