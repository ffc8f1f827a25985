/// The proleptic Gregorian calendar, as DuckDB uses it; year 0 is 1 BC.
enum CivilDate {
    /// Days from 1970-01-01; nil when there is no such day.
    static func days(year: Int, month: Int, day: Int) -> Int? {
        guard (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year) else { return nil }
        // Years that begin in March end with the leap day, so that months need no table.
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A point in time, or a date and time of day without zone, as seconds from 1970.
struct Instant {
    var seconds: Int128
    /// May be any number, also beyond a second.
    var nanoseconds: Int128

    var totalNanoseconds: Int128 { seconds * 1_000_000_000 + nanoseconds }

    /// Microseconds, cut downwards.
    var microseconds: Int128 {
        let total = totalNanoseconds
        let quotient = total / 1000
        return total % 1000 < 0 ? quotient - 1 : quotient
    }
}

/// A timestamp as read from text.
enum Timestamp {
    case infinity(isNegative: Bool)
    /// Days from 1970, nanoseconds of the day, and seconds east of Greenwich when the text has an offset.
    case time(days: Int, nanoseconds: Int, offset: Int?)

    /// The point in time; nil for infinity.
    func instant(usingOffset: Bool) -> Instant? {
        guard case .time(let days, let nanoseconds, let offset) = self else { return nil }
        return Instant(
            seconds: Int128(days) * 86400 - Int128(usingOffset ? offset ?? 0 : 0), nanoseconds: Int128(nanoseconds))
    }
}
