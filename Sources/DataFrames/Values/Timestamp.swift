/// A point in time as a column has it: a number of units since 1970-01-01 00:00.
public struct Timestamp: Sendable, Hashable, CustomStringConvertible {
    /// How many units have passed; negative before 1970.
    public var value: Int64
    /// The unit that the values count.
    public var unit: TimeUnit
    /// The zone that the time is to be shown in, such as `UTC`, `Europe/Berlin` or `+02:00`; ``value`` counts UTC then.
    /// Nil for a time whose zone is unknown.
    public var timeZone: String?

    /// Creates the value from its parts.
    public init(_ value: Int64, _ unit: TimeUnit, timeZone: String? = nil) {
        self.value = value
        self.unit = unit
        self.timeZone = timeZone
    }

    /// The same time in nanoseconds since 1970; nil outside of the years 1677 to 2262.
    public var nanoseconds: Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000_000 / unit.perSecond)
        return overflow ? nil : product
    }

    /// The day and the time of the day; of UTC if there is a time zone.
    public var parts: (day: Int64, time: TimeOfDay) {
        let (day, rest) = floorDivide(value, 86_400 * unit.perSecond)
        return (day, TimeOfDay(rest, unit))
    }

    /// `2026-11-22 21:30:00.5`; a time with a zone is written in UTC with a `Z` behind it.
    public var description: String {
        let (day, time) = parts
        return "\(CalendarDate.text(ofDay: day)) \(time)" + (timeZone == nil ? "" : "Z")
    }
}

/// A time of day as a column has it: a number of units since midnight.
public struct TimeOfDay: Sendable, Hashable, CustomStringConvertible {
    /// How many units there are.
    public var value: Int64
    /// The unit that the values count.
    public var unit: TimeUnit

    /// Creates the value from its parts.
    public init(_ value: Int64, _ unit: TimeUnit) {
        self.value = value
        self.unit = unit
    }

    /// Nanoseconds since midnight; nil for a time that is not within a day or nearly so.
    public var nanoseconds: Int64? {
        let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000_000 / unit.perSecond)
        return overflow ? nil : product
    }

    /// `21:30:00`, with a fraction if there is one.
    public var description: String {
        let (seconds, fraction) = floorDivide(value, unit.perSecond)
        let (minutes, second) = floorDivide(seconds, 60)
        let (hours, minute) = floorDivide(minutes, 60)
        return [Int(hours), Int(minute), Int(second)].map(CalendarDate.padded).joined(separator: ":")
            + fractionText(fraction, unit)
    }
}

/// A length of time as a column has it.
public struct TimeSpan: Sendable, Hashable, CustomStringConvertible {
    /// How many units there are.
    public var value: Int64
    /// The unit that the values count.
    public var unit: TimeUnit

    /// Creates the value from its parts.
    public init(_ value: Int64, _ unit: TimeUnit) {
        self.value = value
        self.unit = unit
    }

    /// The same length as the standard library has it.
    public var duration: Duration {
        let (seconds, rest) = floorDivide(value, unit.perSecond)
        return Duration(
            secondsComponent: seconds, attosecondsComponent: rest * (1_000_000_000_000_000_000 / unit.perSecond))
    }

    /// The number with its unit, for example `1500ms`.
    public var description: String { "\(value)\(unit.symbol)" }
}

/// A span of calendar time. Its parts are not converted into each other.
public struct CalendarInterval: Sendable, Hashable, CustomStringConvertible {
    /// Months; 12 for a year.
    public var months: Int32
    /// Days, of whatever length.
    public var days: Int32
    /// Nanoseconds, besides months and days.
    public var nanoseconds: Int64

    /// Creates the value from its parts.
    public init(months: Int32 = 0, days: Int32 = 0, nanoseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.nanoseconds = nanoseconds
    }

    /// The parts that are not 0, for example `1mo 2d 5ns`.
    public var description: String {
        let parts = [(Int64(months), "mo"), (Int64(days), "d"), (nanoseconds, "ns")].filter { $0.0 != 0 }
        return parts.isEmpty ? "0d" : parts.map { "\($0.0)\($0.1)" }.joined(separator: " ")
    }
}

/// Division towards negative infinity; the remainder is never negative. The divisor is positive.
func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// `.5` for half a second: as few digits as needed.
private func fractionText(_ fraction: Int64, _ unit: TimeUnit) -> String {
    guard fraction != 0 else { return "" }
    var digits = String(fraction).leftPadded(String(unit.perSecond).utf8.count - 1)
    while digits.last == "0" { digits.removeLast() }
    return "." + digits
}
