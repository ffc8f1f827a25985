/// An integer of any size, such as the 128-bit mesh marks of docs/spec/protocol.md §9.2.
public struct BigInteger: Sendable, Hashable, CustomStringConvertible {
    /// Whether the number is negative. It is then `-1 - magnitude`, as in CBOR tag 3.
    public let isNegative: Bool

    /// Big-endian bytes without leading zeros; empty means zero.
    public let magnitude: [UInt8]

    /// Makes a number from big-endian bytes; leading zeros are dropped.
    public init(isNegative: Bool = false, magnitude: some Sequence<UInt8>) {
        self.isNegative = isNegative
        self.magnitude = Array(magnitude.drop { $0 == 0 })
    }

    /// The magnitude when it fits 64 bits.
    var word: UInt64? {
        magnitude.count <= 8 ? magnitude.reduce(0) { $0 << 8 | UInt64($1) } : nil
    }

    /// The nearest floating-point number, infinite beyond the range of `Double`.
    public var doubleValue: Double {
        let value = magnitude.reduce(0.0) { $0 * 256 + Double($1) }
        return isNegative ? -1 - value : value
    }

    /// Numbers of up to this many bytes have a decimal form, and are in the range of `Double`. Larger ones would take
    /// quadratic time.
    static let maxDecimalBytes = 127

    /// Decimal digits, or `0x` and hexadecimal digits when the number has more than 127 bytes.
    public var description: String {
        let (sign, digits) = isNegative ? ("-", successor(of: magnitude)) : ("", magnitude)
        guard digits.count <= Self.maxDecimalBytes else { return sign + "0x" + hexadecimal(digits) }
        return sign + decimal(digits)
    }

    private func successor(of bytes: [UInt8]) -> [UInt8] {
        var result = bytes
        for index in result.indices.reversed() {
            result[index] &+= 1
            if result[index] != 0 { return result }
        }
        return [1] + result
    }

    private func decimal(_ bytes: [UInt8]) -> String {
        var groups: [UInt64] = [0]  // base 10^9, least significant first
        for byte in bytes {
            var carry = UInt64(byte)
            for index in groups.indices {
                carry += groups[index] << 8
                groups[index] = carry % 1_000_000_000
                carry /= 1_000_000_000
            }
            if carry > 0 { groups.append(carry) }
        }
        let padded = groups.dropLast().reversed().map { group in
            let digits = String(group)
            return String(repeating: "0", count: 9 - digits.count) + digits
        }
        return String(groups[groups.count - 1]) + padded.joined()
    }
}

/// Two lowercase hexadecimal digits for each byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
