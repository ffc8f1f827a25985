extension JSONReader {
    /// Reads a number: exactly when it is an integer, or has digits that no float has (``ExactNumber``), else as a float.
    /// Numbers beyond the range of `Double` are refused.
    mutating func readNumber() throws(WireError) -> Value {
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
        // Fifteen digits, of which there are no more here, fit any float.
        if bytes.count <= 15 { return .float(value) }
        return ExactNumber.value(of: bytes, nearest: value) ?? .float(value)
    }

    /// Reads the digits before the point; nil when their value needs more than 64 bits.
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
