import RembusSupport

/// Reads dates and times of day in the forms that DuckDB reads.
struct TimeReader {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    private static let nanosecondsPerDay = 86_400_000_000_000

    /// Words that may stand in the place of a date.
    enum Day {
        case infinity(isNegative: Bool)
        case days(Int)
    }

    /// A date at the start of the text; the caller reads the rest.
    mutating func date() -> Day? {
        skipBlanks()
        if let special = special() { return special }
        let isNegative = take(UInt8(ascii: "-"))
        // A year of seven digits is out of the range of every type.
        guard var year = number(maxDigits: 7), let separator = peek(), Self.separators.contains(separator) else {
            return nil
        }
        at += 1
        guard let month = number(maxDigits: 2), take(separator), let day = number(maxDigits: 2), !isDigit(peek()) else {
            return nil
        }
        if isNegative { year = -year }
        if skip(" (BC)") { year = 1 - year }
        return CivilCalendar.day(year: year, month: month, day: day).map(Day.days)
    }

    private static let separators = Set("-/\\ ".utf8)

    private mutating func special() -> Day? {
        var text = String(decoding: bytes[at...].prefix(12), as: UTF8.self).lowercased()[...]
        while text.last?.isWhitespace == true { text.removeLast() }
        let day: Day
        switch text {
        case "epoch": day = .days(0)
        case "infinity": day = .infinity(isNegative: false)
        case "-infinity": day = .infinity(isNegative: true)
        default: return nil
        }
        at = bytes.count
        return day
    }

    /// A date, alone or followed by a time of day and an offset, and nothing else.
    mutating func timestamp() -> TimestampText? {
        guard let day = date() else { return nil }
        guard case .days(let days) = day else {
            if case .infinity(let isNegative) = day { return .infinity(isNegative: isNegative) }
            return nil
        }
        if at == bytes.count { return .time(days: days, nanoseconds: 0, offset: nil) }
        guard take(UInt8(ascii: "T")) || peek() == UInt8(ascii: " ") else { return nil }
        skipBlanks()
        guard let (nanoseconds, hasSeconds) = timeOfDay() else { return nil }
        if at == bytes.count { return .time(days: days, nanoseconds: nanoseconds, offset: nil) }
        guard hasSeconds else { return nil }
        var offset: Int?
        if take(UInt8(ascii: "Z")) {
            offset = 0
        } else if skip(" UTC") {
            offset = 0
        } else if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") {
            guard let seconds = zoneOffset() else { return nil }
            offset = seconds
        }
        skipBlanks()
        return at == bytes.count ? .time(days: days, nanoseconds: nanoseconds, offset: offset) : nil
    }

    /// A time of day, or that of a timestamp, as nanoseconds. DuckDB ignores what follows.
    mutating func time() -> Int? {
        skipBlanks()
        let start = at
        if let time = timeOfDay() { return time.hasSeconds || at == bytes.count ? time.nanoseconds : nil }
        at = start
        guard case .time(let days, let nanoseconds, _)? = timestamp(), days.magnitude < Self.timestampDays else {
            return nil
        }
        return nanoseconds % Self.nanosecondsPerDay
    }

    /// About the days that a timestamp can be away from 1970; the very last ones do not matter here.
    private static let timestampDays = 106_751_991

    /// A time of day with an offset, 0 without one, and nothing else. That of a timestamp is in UTC.
    mutating func timeWithOffset() -> (nanoseconds: Int, offset: Int)? {
        skipBlanks()
        let start = at
        guard let (nanoseconds, hasSeconds) = timeOfDay() else {
            at = start
            guard case .time(let days, let time, let offset)? = timestamp(), days.magnitude < Self.timestampDays else {
                return nil
            }
            let utc = (time - (offset ?? 0) * 1_000_000_000) % Self.nanosecondsPerDay
            return (utc < 0 ? utc + Self.nanosecondsPerDay : utc, 0)
        }
        var offset = 0
        if hasSeconds { skipBlanks() }
        if hasSeconds, peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") {
            guard let seconds = zoneOffset() else { return nil }
            offset = seconds
        }
        if hasSeconds { skipBlanks() }
        // Beyond 15:59:59 a type that keeps the offset cannot hold it.
        return at == bytes.count && offset.magnitude < 16 * 3600 ? (nanoseconds, offset) : nil
    }

    /// Hours, minutes and perhaps seconds with a fraction, of which nine digits count.
    private mutating func timeOfDay() -> (nanoseconds: Int, hasSeconds: Bool)? {
        guard let hour = number(maxDigits: 2), take(UInt8(ascii: ":")), let minute = number(maxDigits: 2), minute < 60
        else { return nil }
        var (second, fraction, hasSeconds) = (0, 0, false)
        if take(UInt8(ascii: ":")) {
            guard let seconds = number(maxDigits: 2), seconds < 60 else { return nil }
            (second, hasSeconds) = (seconds, true)
            if take(UInt8(ascii: ".")) { fraction = nanoseconds() }
        }
        let total = ((hour * 60 + minute) * 60 + second) * 1_000_000_000 + fraction
        return total <= Self.nanosecondsPerDay ? (total, hasSeconds) : nil
    }

    private mutating func nanoseconds() -> Int {
        var (value, unit) = (0, 100_000_000)
        while let byte = peek(), isDigit(byte) {
            value += Int(byte - UInt8(ascii: "0")) * unit
            unit /= 10
            at += 1
        }
        return value
    }

    /// `+HH`, `+HHMM`, `+HH:MM` or `+HH:MM:SS` in seconds.
    private mutating func zoneOffset() -> Int? {
        let isNegative = peek() == UInt8(ascii: "-")
        at += 1
        guard var seconds = twoDigits().map({ $0 * 3600 }) else { return nil }
        for unit in [60, 1] {
            let hasColon = take(UInt8(ascii: ":"))
            guard hasColon || isDigit(peek()) else { break }
            guard let part = twoDigits(), part < 60 else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    private mutating func twoDigits() -> Int? {
        guard at + 1 < bytes.count, isDigit(bytes[at]), isDigit(bytes[at + 1]) else { return nil }
        return number(maxDigits: 2)
    }

    // MARK: - Bytes

    private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

    private func isDigit(_ byte: UInt8?) -> Bool { byte.map { $0 &- UInt8(ascii: "0") < 10 } ?? false }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        at += 1
        return true
    }

    private mutating func skip(_ word: String) -> Bool {
        guard bytes[at...].starts(with: word.utf8) else { return false }
        at += word.utf8.count
        return true
    }

    private mutating func skipBlanks() {
        while let byte = peek(), NumberText.isBlank(byte) { at += 1 }
    }

    private mutating func number(maxDigits: Int) -> Int? {
        var (value, count) = (0, 0)
        while count < maxDigits, let byte = peek(), isDigit(byte) {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            count += 1
            at += 1
        }
        return count > 0 ? value : nil
    }
}
