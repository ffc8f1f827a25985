/// An interval as DuckDB keeps it: three counts that are not converted into each other.
struct Interval: BitwiseCopyable, Equatable {
    var months: Int32 = 0
    var days: Int32 = 0
    var microseconds: Int64 = 0

    /// DuckDB's spelling: `1 year 2 months -3 days 04:05:06.7`.
    var text: String {
        func count(_ number: Int32, _ unit: String) -> String? {
            number == 0 ? nil : "\(number) \(unit)\(number.magnitude == 1 ? "" : "s")"
        }
        var parts = [count(months / 12, "year"), count(months % 12, "month"), count(days, "day")].compactMap { $0 }
        if microseconds != 0 || parts.isEmpty {
            let time = Cast.timeText(microseconds: Int(clamping: microseconds.magnitude))
            parts.append((microseconds < 0 ? "-" : "") + time)
        }
        return parts.joined(separator: " ")
    }
}

/// Reads `1 year 2 days 03:04:05.6`, `2h30m`, `5 ms ago`: numbers with units, a time, in any order.
struct IntervalReader {
    enum Failure: Error, Equatable {
        case invalid
        case outOfRange
    }

    private let bytes: [UInt8]
    private var at = 0
    /// Whether nothing was read yet.
    private var isFirst = true
    private var months: Int128 = 0
    private var days: Int128 = 0
    private var microseconds: Int128 = 0

    init(_ text: UnsafeRawBufferPointer) {
        // Longer texts are no intervals; lower case, as units are in any case.
        bytes = text.prefix(256).map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    mutating func read() -> Result<Interval, Failure> {
        skipBlanks()
        if peek() == UInt8(ascii: "@") {
            at += 1
            skipBlanks()
        }
        guard at < bytes.count, bytes.count < 256 else { return .failure(.invalid) }
        var isAgo = false
        while at < bytes.count {
            guard !isAgo else { return .failure(.invalid) }
            if bytes[at...].starts(with: "ago".utf8) {
                at += 3
                isAgo = true
            } else if !part() {
                return .failure(.invalid)
            }
            skipBlanks()
        }
        let sign: Int128 = isAgo ? -1 : 1
        guard let months = Int32(exactly: months * sign), let days = Int32(exactly: days * sign),
            let microseconds = Int64(exactly: microseconds * sign)
        else { return .failure(.outOfRange) }
        return .success(Interval(months: months, days: days, microseconds: microseconds))
    }

    /// A number with its unit, or a time; false for anything else.
    private mutating func part() -> Bool {
        let isNegative = peek() == UInt8(ascii: "-")
        if isNegative { at += 1 }
        guard let whole = number() else { return false }
        if peek() == UInt8(ascii: ":") { return time(hours: whole, isNegative: isNegative) }
        let fraction = peek() == UInt8(ascii: ".") ? self.fraction() : 0
        skipBlanks()
        let start = at
        while let byte = peek(), (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) { at += 1 }
        let unit = String(decoding: bytes[start..<at], as: UTF8.self)
        let sign: Int128 = isNegative ? -1 : 1
        // A number alone counts seconds.
        guard !unit.isEmpty || (at == bytes.count && isFirst) else { return false }
        isFirst = false
        return add(sign * whole, sign * fraction, unit.isEmpty ? "second" : unit)
    }

    /// Millionths of a unit.
    private static let million: Int128 = 1_000_000
    private static let microsecondsPerDay: Int128 = 86_400_000_000

    private mutating func add(_ whole: Int128, _ fraction: Int128, _ unit: String) -> Bool {
        switch unit {
        case "millennium", "millennia", "mil", "mils", "millenniums": addMonths(12_000, whole, fraction)
        case "century", "centuries", "cent", "c": addMonths(1200, whole, fraction)
        case "decade", "decades", "dec", "decs": addMonths(120, whole, fraction)
        case "year", "years", "yr", "y", "yrs": addMonths(12, whole, fraction)
        case "quarter", "quarters": addMonths(3, whole, fraction)
        case "month", "months", "mon", "mons":
            months += whole
            addDays(fraction * 30)
        case "week", "weeks", "w":
            days += whole * 7
            addDays(fraction * 7)
        case "day", "days", "d", "dayofmonth":
            days += whole
            addDays(fraction)
        case "hour", "hours", "hr", "h", "hrs": addTime(3_600_000_000, whole, fraction)
        case "minute", "minutes", "min", "m", "mins": addTime(60_000_000, whole, fraction)
        case "second", "seconds", "sec", "s", "secs": addTime(1_000_000, whole, fraction)
        case "millisecond", "milliseconds", "ms", "msec", "msecs": addTime(1000, whole, fraction)
        case "microsecond", "microseconds", "us", "usec", "usecs": addTime(1, whole, fraction)
        default: return false
        }
        return true
    }

    private mutating func addMonths(_ count: Int128, _ whole: Int128, _ fraction: Int128) {
        months += whole * count + fraction * count / Self.million
    }

    /// Adds millionths of a day.
    private mutating func addDays(_ millionths: Int128) {
        days += millionths / Self.million
        microseconds += millionths % Self.million * Self.microsecondsPerDay / Self.million
    }

    private mutating func addTime(_ unit: Int128, _ whole: Int128, _ fraction: Int128) {
        microseconds += whole * unit + fraction * unit / Self.million
    }

    /// Minutes and seconds behind hours of any number; the last part.
    private mutating func time(hours: Int128, isNegative: Bool) -> Bool {
        at += 1
        guard let minutes = number(), minutes < 60 else { return false }
        var total = (hours * 60 + minutes) * 60_000_000
        let hasSeconds = peek() == UInt8(ascii: ":")
        if hasSeconds {
            at += 1
            guard let seconds = number(), seconds < 60 else { return false }
            total += seconds * 1_000_000
            if peek() == UInt8(ascii: ".") { total += fraction() }
        }
        microseconds += isNegative ? -total : total
        // DuckDB does not look at what follows a time with seconds.
        if hasSeconds { at = bytes.count }
        return at == bytes.count
    }

    private func peek() -> UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipBlanks() {
        while let byte = peek(), NumberText.isBlank(byte) { at += 1 }
    }

    /// Digits; those beyond 18 make it out of range anyway.
    private mutating func number() -> Int128? {
        let start = at
        var value: Int128 = 0
        while let byte = peek(), byte &- UInt8(ascii: "0") < 10 {
            value = min(value * 10 + Int128(byte - UInt8(ascii: "0")), 1_000_000_000_000_000_000)
            at += 1
        }
        return at > start ? value : nil
    }

    /// The digits behind a point as millionths.
    private mutating func fraction() -> Int128 {
        at += 1
        var (value, unit): (Int128, Int128) = (0, 100_000)
        while let byte = peek(), byte &- UInt8(ascii: "0") < 10 {
            value += Int128(byte - UInt8(ascii: "0")) * unit
            unit /= 10
            at += 1
        }
        return value
    }
}
