/// A day of the Gregorian calendar, before its introduction too.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public var daysSinceEpoch: Int32

    /// The day so many days after 1970-01-01, or before it.
    public init(daysSinceEpoch: Int32) { self.daysSinceEpoch = daysSinceEpoch }

    /// The day with this year, month (1…12) and day of the month; nil if there is none.
    public init?(year: Int, month: Int, day: Int) {
        guard (-5_800_000...5_800_000).contains(year), (1...12).contains(month), (1...31).contains(day) else {
            return nil
        }
        // Howard Hinnant's days_from_civil: years start in March, so that the leap day is the last one.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        guard let days = Int32(exactly: era * 146_097 + dayOfEra - 719_468) else { return nil }
        daysSinceEpoch = days
        // The 31st of April, for example, has become another day.
        if self.day != day { return nil }
    }

    /// Year, month (1…12) and day of the month.
    public var components: (year: Int, month: Int, day: Int) {
        CalendarDate.components(ofDay: Int64(daysSinceEpoch))
    }

    /// The year; 0 is the one before the year 1.
    public var year: Int { components.year }
    /// The month, 1 to 12.
    public var month: Int { components.month }
    /// The day of the month, 1 to 31.
    public var day: Int { components.day }

    /// `2026-11-22`.
    public var description: String { CalendarDate.text(ofDay: Int64(daysSinceEpoch)) }

    /// Whether the left day is the earlier one.
    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    /// The parts of a day; it may be as far away as seconds of 64 bits reach.
    static func components(ofDay day: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(day) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let civilMonth = month < 10 ? month + 3 : month - 9
        return (
            yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, dayOfYear - (153 * month + 2) / 5 + 1
        )
    }

    static func text(ofDay day: Int64) -> String {
        let (year, month, day) = components(ofDay: day)
        return "\(year < 0 ? "-" : "")\(String(abs(year)).leftPadded(4))-\(padded(month))-\(padded(day))"
    }

    static func padded(_ number: Int) -> String { String(number).leftPadded(2) }
}

extension String {
    /// With zeros in front, so that it has at least `width` characters.
    func leftPadded(_ width: Int) -> String {
        let missing = width - utf8.count
        return missing > 0 ? String(repeating: "0", count: missing) + self : self
    }
}
