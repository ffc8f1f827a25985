/// A number in decimal digits: `mantissa × 10^exponent`, cut to what 128 bits hold.
struct DecimalText {
    var isNegative = false
    var mantissa: UInt128 = 0
    var exponent = 0
    /// Whether digits other than zero were beyond what 128 bits hold.
    private var isCut = false

    /// 10⁰ to 10³⁸, the largest that 128 bits hold.
    static let powersOfTen: [UInt128] = {
        var powers: [UInt128] = [1]
        for exponent in 1...38 { powers.append(powers[exponent - 1] * 10) }
        return powers
    }()

    /// Reads digits with an optional sign, point and exponent, blanks around, single underscores between digits; nil for
    /// any other text.
    init?(_ text: UnsafeRawBufferPointer) {
        let bytes = NumberText.trimmed(text)
        var index = bytes.startIndex
        if index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        guard let whole = digits(bytes, &index, isFraction: false) else { return nil }
        var count = whole
        if index < bytes.endIndex, bytes[index] == UInt8(ascii: ".") {
            index += 1
            guard let fraction = digits(bytes, &index, isFraction: true) else { return nil }
            count += fraction
        }
        guard count > 0 else { return nil }
        if index < bytes.endIndex, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            guard let power = Self.power(bytes, &index) else { return nil }
            exponent += power
        }
        guard index == bytes.endIndex else { return nil }
    }

    init(isNegative: Bool, mantissa: UInt128, exponent: Int) {
        self.isNegative = isNegative
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// Reads digits, perhaps none, and returns their number; nil when an underscore is not between two.
    private mutating func digits(_ bytes: Slice<UnsafeRawBufferPointer>, _ index: inout Int, isFraction: Bool) -> Int? {
        var count = 0
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "_") {
                guard count > 0, index + 1 < bytes.endIndex, Self.isDigit(bytes[index + 1]) else { return nil }
                index += 1
                continue
            }
            guard Self.isDigit(byte) else { break }
            push(byte &- UInt8(ascii: "0"), isFraction: isFraction)
            count += 1
            index += 1
        }
        return count
    }

    private mutating func push(_ digit: UInt8, isFraction: Bool) {
        // Up to here one more digit surely fits; the check beyond is too slow for every digit of every number.
        if mantissa < Self.powersOfTen[37] {
            mantissa = mantissa &* 10 &+ UInt128(digit)
        } else {
            let (tenfold, overflow) = mantissa.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(UInt128(digit))
            if overflow || carry {
                // The digit is dropped, but its place counts.
                if digit != 0 { isCut = true }
                if !isFraction { exponent += 1 }
                return
            }
            mantissa = sum
        }
        if isFraction { exponent -= 1 }
    }

    private static func power(_ bytes: Slice<UnsafeRawBufferPointer>, _ index: inout Int) -> Int? {
        var isNegative = false
        if index < bytes.endIndex, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        var power = 0
        let start = index
        while index < bytes.endIndex, isDigit(bytes[index]) {
            // Larger exponents give the same result.
            power = min(power * 10 + Int(bytes[index] - UInt8(ascii: "0")), 1_000_000)
            index += 1
        }
        return index > start ? (isNegative ? -power : power) : nil
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

    /// Whether the number has no digits other than zero behind the first `scale` places.
    func fits(scale: Int) -> Bool {
        if isCut { return false }
        let places = -(exponent + scale)
        if mantissa == 0 || places <= 0 { return true }
        return places <= 38 && mantissa % Self.powersOfTen[places] == 0
    }

    /// The magnitude times 10^`scale`, halves rounded away from zero; nil when it needs more than 128 bits.
    func magnitude(scale: Int) -> UInt128? {
        if mantissa == 0 { return 0 }
        let shift = exponent + scale
        if shift >= 0 {
            guard shift <= 38 else { return nil }
            let (product, overflow) = mantissa.multipliedReportingOverflow(by: Self.powersOfTen[shift])
            return overflow ? nil : product
        }
        // A mantissa is below 10^39 × 0.35, so that this rounds to zero.
        guard shift >= -38 else { return 0 }
        let divisor = Self.powersOfTen[-shift]
        let (quotient, remainder) = mantissa.quotientAndRemainder(dividingBy: divisor)
        return remainder >= divisor - remainder ? quotient + 1 : quotient
    }
}
