import RembusSupport
package import RembusWire

/// A client's `when`: the time whose state of the table is asked for (storage.md §6.1).
package struct TimeTravel: Sendable, Equatable {
    /// Microseconds since 1970, UTC.
    package let microseconds: Int64

    /// Reads a number (UTC seconds since 1970, without its fraction) or a timestamp `YYYY-MM-DD[
    /// HH:MM[:SS[.ffffff]]][Z|±HH[:MM]]`, which is in UTC without a zone.
    package init(_ value: Value) throws(LakeError) {
        switch value {
        case .integer, .unsigned, .negative, .float:
            // Far beyond the years that timestamps can represent.
            guard let seconds = value.doubleValue, seconds.isFinite, abs(seconds) < 9e12,
                let whole = Int64(exactly: seconds.rounded(.towardZero)),
                case let (microseconds, false) = whole.multipliedReportingOverflow(by: 1_000_000)
            else { throw .refused("when", "the number is not a time in seconds since 1970") }
            self.microseconds = microseconds
        case .text(let text), .tagged(Value.Tag.dateText, .text(let text)):
            var parser = TimestampParser(text)
            guard let microseconds = parser.parse() else {
                throw .refused(
                    "when", "\"\(text.prefix(60))\" is not a timestamp YYYY-MM-DD HH:MM:SS[.ffffff][±HH[:MM]]")
            }
            self.microseconds = microseconds
        case .tagged(Value.Tag.epochSeconds, let number):
            self = try TimeTravel(number)
        default: throw .refused("when", "a number of seconds or a timestamp is needed")
        }
    }

    /// A time in microseconds since 1970.
    init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The time as an SQL literal.
    package var sql: String { "TIMESTAMPTZ '\(text)'" }

    /// The time as a text with its offset from UTC, 0.
    var text: String {
        let (days, rest) = microseconds.quotientAndRemainder(floor: 86_400_000_000)
        let date = CivilCalendar.date(ofDay: Int(days))
        let (year, month, day) = (Int64(date.year), Int64(date.month), Int64(date.day))
        let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000)
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
            + " \(clock.joined(separator: ":")).\(Self.padded(fraction, 6))+00"
    }

    /// The time for a message.
    var words: String { text.replacing(".000000+00", with: "+00") }

    private static func padded(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
}

extension Int64 {
    fileprivate func quotientAndRemainder(floor divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
