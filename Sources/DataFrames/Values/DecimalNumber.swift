/// A decimal number of up to 76 digits: an integer of 256 bits, and how many of its digits are behind the point.
public struct DecimalNumber: Sendable, Hashable, CustomStringConvertible {
    /// The upper half of the integer, with the sign.
    public var high: Int128
    /// The lower half of the integer.
    public var low: UInt128
    /// How many digits are behind the point; negative for zeros before it.
    public var scale: Int

    /// Makes a number of the halves of its integer.
    public init(high: Int128, low: UInt128, scale: Int) {
        self.high = high
        self.low = low
        self.scale = scale
    }

    /// The number `unscaled` / 10^`scale`.
    public init(_ unscaled: Int128, scale: Int) {
        self.init(high: unscaled < 0 ? -1 : 0, low: UInt128(truncatingIfNeeded: unscaled), scale: scale)
    }

    /// The integer without the point; nil if it takes more than 128 bits.
    public var unscaled: Int128? {
        let value = Int128(truncatingIfNeeded: low)
        return high == (value < 0 ? -1 : 0) ? value : nil
    }

    /// The nearest double, up to rounding in several steps.
    public var doubleValue: Double {
        let (upper, lower) = magnitude
        let integer = (Double(upper) * 0x1p128 + Double(lower)) * (high < 0 ? -1 : 1)
        var power = 1.0
        for _ in 0..<min(abs(scale), 400) { power *= 10 }
        return scale >= 0 ? integer / power : integer * power
    }

    /// All digits, for example `-12.50`.
    public var description: String {
        let isNegative = high < 0
        var digits = integerDigits
        if scale > 0 {
            digits = digits.leftPadded(min(scale, 1000) + 1)
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -min(scale, 1000)))
        } else if scale < 0, digits != "0" {
            digits += String(repeating: "0", count: min(-scale, 1000))
        }
        return isNegative ? "-" + digits : digits
    }

    /// How many digits there are, without a sign, a point and leading zeros.
    var digitCount: Int { integerDigits.utf8.count }

    /// The integer without its sign.
    private var magnitude: (upper: UInt128, lower: UInt128) {
        let upper = UInt128(truncatingIfNeeded: high)
        if high >= 0 { return (upper, low) }
        let lower = ~low &+ 1
        return (~upper &+ (lower == 0 ? 1 : 0), lower)
    }

    /// The digits of the magnitude.
    private var integerDigits: String {
        var (upper, lower) = magnitude
        var groups: [String] = []
        let base: UInt128 = 10_000_000_000_000_000_000
        while upper != 0 {
            let (quotient, rest) = upper.quotientAndRemainder(dividingBy: base)
            let (next, digits) = base.dividingFullWidth((rest, lower))
            (upper, lower) = (quotient, next)
            groups.append(String(digits).leftPadded(19))
        }
        return String(lower) + groups.reversed().joined()
    }
}

extension DecimalNumber {
    /// Reads digits with an optional sign and point, such as `-12.50`; nil for anything else and for more than 76
    /// digits.
    public init?(_ text: String) {
        var (high, low, scale, digits) = (UInt128(0), UInt128(0), 0, 0)
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        var (isFraction, hasDigits) = (false, false)
        for byte in rest {
            if byte == UInt8(ascii: "."), !isFraction {
                isFraction = true
                continue
            }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            if digits > 0 || byte != UInt8(ascii: "0") { digits += 1 }
            if digits > 76 || scale > 76 { return nil }
            hasDigits = true
            if isFraction { scale += 1 }
            let (carry, product) = low.multipliedFullWidth(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt128(byte - UInt8(ascii: "0")))
            low = sum
            high = high &* 10 &+ carry &+ (overflow ? 1 : 0)
        }
        guard hasDigits else { return nil }
        if isNegative {
            low = ~low &+ 1
            high = ~high &+ (low == 0 ? 1 : 0)
        }
        self.init(high: Int128(truncatingIfNeeded: high), low: low, scale: scale)
    }

    /// The same number with another scale; nil if digits would be lost or do not fit.
    public func rescaled(to scale: Int) -> DecimalNumber? {
        guard abs(scale) <= 76, abs(self.scale) <= 76 else { return nil }
        var number = self
        while number.scale < scale {
            let isNegative = number.high < 0
            let (carry, product) = number.low.multipliedFullWidth(by: 10)
            let (upper, overflow) = number.high.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = upper.addingReportingOverflow(Int128(carry))
            if overflow || overflowed || (sum < 0) != isNegative { return nil }
            number = DecimalNumber(high: sum, low: product, scale: number.scale + 1)
        }
        while number.scale > scale {
            guard let unscaled = number.unscaled, unscaled % 10 == 0 else { return nil }
            number = DecimalNumber(unscaled / 10, scale: number.scale - 1)
        }
        return number
    }
}
