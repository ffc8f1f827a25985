import RembusSupport

/// Parses a timestamp in exactly one of the allowed forms.
struct TimestampParser {
    private var rest: Substring.UTF8View

    init(_ text: String) {
        rest = Substring(text).utf8
    }

    /// Microseconds since 1970 in UTC; nil when the text is malformed.
    mutating func parse() -> Int64? {
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2),
            (1...9999).contains(year),
            let date = CivilCalendar.day(year: Int(year), month: Int(month), day: Int(day))
        else { return nil }
        var microseconds = Int64(date) * 86_400_000_000
        if !rest.isEmpty {
            guard skip(" ") || skip("T"), let time = timeOfDay(), let offset = offset() else { return nil }
            microseconds += time - offset
        }
        return rest.isEmpty ? microseconds : nil
    }

    private mutating func timeOfDay() -> Int64? {
        guard let hour = number(2), hour < 24, skip(":"), let minute = number(2), minute < 60 else { return nil }
        var microseconds = (hour * 60 + minute) * 60_000_000
        guard skip(":") else { return microseconds }
        guard let second = number(2), second < 60 else { return nil }
        microseconds += second * 1_000_000
        guard skip(".") else { return microseconds }
        let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        var unit: Int64 = 100_000
        for digit in digits {
            microseconds += Int64(digit - UInt8(ascii: "0")) * unit
            unit /= 10
        }
        rest = rest.dropFirst(digits.count)
        return microseconds
    }

    /// The zone's offset from UTC; 0 when none is given.
    private mutating func offset() -> Int64? {
        _ = skip(" ")
        if rest.isEmpty || skip("Z") { return 0 }
        let sign: Int64 = skip("-") ? -1 : 1
        guard sign == -1 || skip("+"), let hours = number(2), hours < 16 else { return nil }
        guard !rest.isEmpty else { return sign * hours * 3_600_000_000 }
        _ = skip(":")
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes) * 60_000_000
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func number(_ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }
}
