import RembusSupport

extension Cast {
    /// Dates, times and intervals from text.
    ///
    /// A text with an offset is a point in time, and the column gets its date or time in UTC, whatever its type: as from a
    /// datetime with a zone. Named zones, which would need the zones' history, are refused.
    static func calendar(_ text: UnsafeRawBufferPointer, as type: ColumnType, _ column: ColumnBuffer) -> CastResult {
        var reader = TimeReader(text)
        switch type {
        case .interval:
            var reader = IntervalReader(text)
            switch reader.read() {
            case .success(let interval): column.stage(text: interval.text)
            case .failure(let error): return error == .outOfRange ? .outOfRange : .invalid
            }
            return .added
        case .time:
            var zoned = reader
            if let time = zoned.timeWithOffset() {
                column.stage(Int64(utc(time)))
                return .added
            }
            guard let nanoseconds = reader.time() else { return .invalid }
            column.stage(Int64(nanoseconds / 1000))
            return .added
        case .timeTZ:
            guard let time = reader.timeWithOffset() else { return .invalid }
            column.stage(text: timeText(microseconds: utc(time)) + "+00")
            return .added
        case .date:
            var zoned = reader
            if text.count > 10, let stamp = zoned.timestamp(), case .time(_, _, _?) = stamp {
                return instant(stamp.instant(usingOffset: true), as: type, column)
            }
            switch reader.date() {
            case .infinity(let isNegative): column.stage(isNegative ? -Int32.max : Int32.max)
            case .days(let days):
                guard let value = Int32(exactly: days), value > -Int32.max, value < Int32.max else {
                    return .outOfRange
                }
                column.stage(value)
            case nil: return .invalid
            }
            return .added
        default:
            guard let stamp = reader.timestamp() else { return .invalid }
            if case .infinity(let isNegative) = stamp {
                // Parquet has no infinite seconds.
                if type == .timestampS { return .outOfRange }
                column.stage(isNegative ? -Int64.max : Int64.max)
                return .added
            }
            return instant(stamp.instant(usingOffset: true), as: type, column)
        }
    }

    /// A point in time as a value of any of the types of dates and times; nil is none.
    static func instant(_ instant: Instant?, as type: ColumnType, _ column: ColumnBuffer) -> CastResult {
        guard let instant else { return .invalid }
        let microseconds = instant.microseconds
        let day: Int128 = 86_400_000_000
        let timeOfDay = (microseconds % day + day) % day
        switch type {
        case .timestamp, .timestampTZ: return stage(finite: microseconds, column)
        case .timestampNS: return stage(finite: instant.totalNanoseconds, column)
        // DuckDB goes by way of microseconds, so that the range is the same.
        case .timestampMS, .timestampS:
            guard microseconds.magnitude < Int64.max else { return .outOfRange }
            return stage(finite: rounded(microseconds, type == .timestampS ? 1_000_000 : 1000), column)
        case .time:
            column.stage(Int64(truncatingIfNeeded: timeOfDay))
            return .added
        case .timeTZ:
            column.stage(text: timeText(microseconds: Int(timeOfDay)) + "+00")
            return .added
        case .date:
            guard let days = Int32(exactly: (microseconds - timeOfDay) / day), days.magnitude < Int32.max else {
                return .outOfRange
            }
            column.stage(days)
            return .added
        case .varchar:
            guard let text = text(microseconds) else { return .outOfRange }
            column.stage(text: text)
            return .added
        case .json:
            guard let text = text(microseconds) else { return .outOfRange }
            column.stage(text: "\"\(text)\"")
            return .added
        default: return .unsupported
        }
    }

    /// The largest and smallest numbers stand for infinity.
    private static func stage(finite value: Int128, _ column: ColumnBuffer) -> CastResult {
        guard let value = Int64(exactly: value), value < Int64.max, value > -Int64.max else { return .outOfRange }
        column.stage(value)
        return .added
    }

    /// Halves are rounded away from zero.
    private static func rounded(_ value: Int128, _ unit: Int128) -> Int128 {
        (value < 0 ? value - unit / 2 : value + unit / 2) / unit
    }

    /// Microseconds of the day in UTC.
    private static func utc(_ time: (nanoseconds: Int, offset: Int)) -> Int {
        let microseconds = time.nanoseconds / 1000
        if time.offset == 0 { return microseconds }
        let day = 86_400_000_000
        return ((microseconds - time.offset * 1_000_000) % day + day) % day
    }

    /// `10:11:12.5`; the hours may have any number of digits.
    static func timeText(microseconds: Int) -> String {
        let seconds = microseconds / 1_000_000
        return
            "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))\(fraction(microseconds % 1_000_000))"
    }

    /// `2026-11-01 10:00:00.5`, in UTC; nil for years without four digits.
    private static func text(_ microseconds: Int128) -> String? {
        guard let value = Int(exactly: microseconds),
            (-62_135_596_800_000_000..<253_402_300_800_000_000).contains(value)
        else { return nil }
        let time = (value % 86_400_000_000 + 86_400_000_000) % 86_400_000_000
        let (year, month, day) = CivilCalendar.date(ofDay: (value - time) / 86_400_000_000)
        let digits = String(year)
        let seconds = time / 1_000_000
        return String(repeating: "0", count: 4 - digits.count) + digits
            + "-\(two(month))-\(two(day))"
            + " \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))\(fraction(time % 1_000_000))"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func fraction(_ microseconds: Int) -> String {
        if microseconds == 0 { return "" }
        var digits = String(microseconds)
        digits = String(repeating: "0", count: 6 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        return "." + digits
    }
}
