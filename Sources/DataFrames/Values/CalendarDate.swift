import RembusSupport

/// A day of the Gregorian calendar, before its introduction too.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public var daysSinceEpoch: Int32

    /// The day so many days after 1970-01-01, or before it.
    public init(daysSinceEpoch: Int32) { self.daysSinceEpoch = daysSinceEpoch }

    /// The day with this year, month (1…12) and day of the month; nil if there is none.
    public init?(year: Int, month: Int, day: Int) {
        guard (-5_800_000...5_800_000).contains(year),
            let days = CivilCalendar.day(year: year, month: month, day: day).flatMap({ Int32(exactly: $0) })
        else { return nil }
        daysSinceEpoch = days
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
        CivilCalendar.date(ofDay: Int(day))
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
