#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Numbers of a JSON text that a float cannot represent.
///
/// A whole number of any size is an integer. A number with more digits than its nearest float becomes a decimal
/// fraction (RFC 8949 §3.4.4). `12345678901234.567891` is one; `0.10000000000000000555` is not, because these are the
/// digits of the float 0.1.
enum ExactNumber {
    /// Longer numbers become floats, because parsing their digits would take too long.
    private static let maxDigits = 300
    /// Numbers with larger exponents become floats.
    private static let maxExponent = 400

    /// The exact value of a number that is valid JSON; nil when the float is exact enough.
    static func value(of token: UnsafeRawBufferPointer, nearest float: Double) -> Value? {
        var digits: [UInt8] = []
        var exponent = 0
        var isFraction = false
        var isInteger = true
        var index = 0
        let isNegative = token.first == UInt8(ascii: "-")
        if isNegative { index = 1 }
        scan: while index < token.count {
            switch token[index] {
            case UInt8(ascii: "."): (isFraction, isInteger) = (true, false)
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                isInteger = false
                let text = String(decoding: UnsafeRawBufferPointer(rebasing: token[(index + 1)...]), as: UTF8.self)
                guard let power = Int(text), abs(power) <= maxExponent else { return nil }
                exponent += power
                break scan
            case let byte:
                if isFraction { exponent -= 1 }
                if !digits.isEmpty || byte != UInt8(ascii: "0") { digits.append(byte) }
            }
            index += 1
        }
        if !isInteger {
            while digits.last == UInt8(ascii: "0") {
                digits.removeLast()
                exponent += 1
            }
        }
        guard digits.count > 15, digits.count <= maxDigits else { return nil }
        if !isInteger, digits == shown(float.magnitude, count: digits.count) { return nil }
        if exponent >= 0 {
            digits += [UInt8](repeating: UInt8(ascii: "0"), count: exponent)
            guard digits.count <= maxDigits else { return nil }
            return Value(bigInteger: BigInteger(digits: digits, isNegative: isNegative))
        }
        let mantissa = Value(bigInteger: BigInteger(digits: digits, isNegative: isNegative))
        return .tagged(Value.Tag.decimalFraction, .array([.integer(Int64(exponent)), mantissa]))
    }

    /// The first significant digits of a float, correctly rounded.
    private static func shown(_ float: Double, count: Int) -> [UInt8] {
        var text = [CChar](repeating: 0, count: count + 32)
        let length = withVaList([Int32(count - 1), float]) { vsnprintf(&text, text.count, "%.*e", $0) }
        let bytes = text.prefix(Int(max(0, length))).map(UInt8.init(bitPattern:))
        return bytes.prefix { $0 != UInt8(ascii: "e") }.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension BigInteger {
    /// The number with these decimal digits and optional sign. Other characters count as zeros.
    package init(decimalDigits text: String) {
        let isNegative = text.utf8.first == UInt8(ascii: "-")
        let digits = text.utf8.dropFirst(isNegative ? 1 : 0).map { (48...57).contains($0) ? $0 : 48 }
        self.init(digits: digits, isNegative: isNegative)
    }

    /// The number with these decimal digits in ASCII.
    init(digits: [UInt8], isNegative: Bool) {
        // Words in base 2^32, the least significant one first.
        var words: [UInt32] = []
        for digit in digits {
            var carry = UInt64(digit &- UInt8(ascii: "0"))
            for index in words.indices {
                carry += UInt64(words[index]) * 10
                words[index] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            if carry > 0 { words.append(UInt32(carry)) }
        }
        if isNegative, !words.isEmpty {
            // A negative number is stored as its complement, which is one less.
            for index in words.indices {
                words[index] &-= 1
                if words[index] != UInt32.max { break }
            }
        }
        let bytes = words.reversed().flatMap { word in
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        self.init(isNegative: isNegative && !words.isEmpty, magnitude: bytes)
    }
}
