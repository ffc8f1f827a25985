extension Value {
    /// The decimal fraction (tag 4 of RFC 8949) as a JSON number with all its digits; nil for anything else.
    ///
    /// `4([-2, 12345])` is `123.45`. An exponent is used where a point would need many zeros.
    package var decimalText: String? {
        guard case .tagged(Tag.decimalFraction, .array(let parts)) = self, parts.count == 2,
            let exponent = parts[0].intValue
        else { return nil }
        let digits: String
        switch parts[1] {
        case .integer, .unsigned, .negative: digits = parts[1].description
        case .bigInteger(let number) where number.magnitude.count < BigInteger.maxDecimalBytes:
            digits = number.description
        default: return nil
        }
        let isNegative = digits.hasPrefix("-")
        let magnitude = isNegative ? digits.dropFirst() : digits[...]
        let sign = isNegative ? "-" : ""
        guard (-400...0).contains(exponent) else { return digits + "e\(exponent)" }
        if exponent == 0 { return digits }
        let padded = String(repeating: "0", count: max(0, 1 - exponent - magnitude.utf8.count)) + magnitude
        return sign + padded.dropLast(-exponent) + "." + padded.suffix(-exponent)
    }
}
