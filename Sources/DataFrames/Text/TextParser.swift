#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Reads values from texts, as ``Cell/plainText`` writes them and usual tools do.
enum TextParser {
    /// The value that a text stands for in a column of a type. Throws an error if it is none.
    static func cell(_ text: String, _ type: DataType) throws(DataFrameError) -> Cell {
        let cell: Cell? =
            switch type.valueType {
            case .null: text.isEmpty ? .null : nil
            case .bool: bool(text).map(Cell.bool)
            case .int8, .int16, .int32, .int64: Int64(text).map(Cell.int)
            case .uint8, .uint16, .uint32, .uint64: UInt64(text).map(Cell.uint)
            case .float16, .float32, .float64: double(text).map(Cell.double)
            case .utf8, .largeUtf8, .utf8View: .text(text)
            case .binary, .largeBinary, .binaryView, .fixedSizeBinary:
                Data(base64Encoded: text).map { .bytes(Array($0)) }
            case .date32, .date64: CalendarDate(iso8601: text).map(Cell.date)
            case .time32, .time64: TimeOfDay(iso8601: text).map(Cell.time)
            case .timestamp(_, let zone): Timestamp(iso8601: text).map { .timestamp($0.in(zone)) }
            case .duration(let unit): TimeSpan(iso8601: text, unit).map(Cell.duration)
            case .decimal128, .decimal256: DecimalNumber(text).map(Cell.decimal)
            case .list, .largeList, .fixedSizeList, .structure, .map: try JSONCellParser.cell(text)
            case .interval, .dictionary: nil
            }
        guard let cell else { throw DataFrameError(.value, "\(shown(text)) is not \(type)") }
        return cell
    }

    static func bool(_ text: some StringProtocol) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// A decimal float; unlike `Double` alone this does not take hexadecimal digits.
    static func double(_ text: some StringProtocol) -> Double? {
        switch text {
        case "NaN", "nan", "NAN": return .nan
        case "inf", "Infinity", "+inf": return .infinity
        case "-inf", "-Infinity": return -.infinity
        default:
            guard text.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
            return Double(text)
        }
    }

    /// A text in quotes, cut when it is long, for messages.
    static func shown(_ text: String) -> String {
        let start = text.prefix(40)
        return start.endIndex == text.endIndex ? "\"\(start)\"" : "\"\(start)…\""
    }
}

// MARK: - Dates and times

/// Reads numbers and marks of a text of ASCII characters.
private struct ASCIIScanner {
    var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func take(_ characters: String) -> UInt8? {
        guard let first = rest.first, characters.utf8.contains(first) else { return nil }
        rest = rest.dropFirst()
        return first
    }

    /// Exactly so many digits.
    mutating func number(_ count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// Digits behind a point, as nanoseconds; 0 without a point.
    mutating func fraction() -> Int64? {
        guard take(".,") != nil else { return 0 }
        let digits = rest.prefix { (48...57).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        var value = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 48) }
        for _ in digits.count..<9 { value *= 10 }
        return value
    }

    mutating func date() -> CalendarDate? {
        guard let year = number(4), take("-") != nil, let month = number(2), take("-") != nil, let day = number(2)
        else { return nil }
        return CalendarDate(year: year, month: month, day: day)
    }

    /// Nanoseconds since midnight.
    mutating func time() -> Int64? {
        guard let hour = number(2), take(":") != nil, let minute = number(2), hour < 24, minute < 60 else { return nil }
        var (second, nanoseconds) = (0, Int64(0))
        if take(":") != nil {
            guard let number = number(2), number < 60, let fraction = fraction() else { return nil }
            (second, nanoseconds) = (number, fraction)
        }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000_000 + nanoseconds
    }

    /// Seconds that local time is ahead of UTC; nil in the outer optional for what is no zone, in the inner one for no
    /// zone.
    mutating func zone() -> Int64?? {
        if isAtEnd { return .some(nil) }
        if take("Zz") != nil { return isAtEnd ? .some(0) : .none }
        guard let sign = take("+-"), let hours = number(2) else { return .none }
        _ = take(":")
        let minutes = isAtEnd ? 0 : number(2)
        guard let minutes, isAtEnd, hours < 24, minutes < 60 else { return .none }
        return .some(Int64(hours * 3600 + minutes * 60) * (sign == UInt8(ascii: "-") ? -1 : 1))
    }
}

extension CalendarDate {
    /// A text such as `2026-11-22`.
    init?(iso8601 text: String) {
        var scanner = ASCIIScanner(text)
        guard let date = scanner.date(), scanner.isAtEnd else { return nil }
        self = date
    }
}

extension TimeOfDay {
    /// A text such as `21:30:00.5` or `21:30`, in the coarsest unit that has its fraction, from microseconds on.
    init?(iso8601 text: String) {
        var scanner = ASCIIScanner(text)
        guard let nanoseconds = scanner.time(), scanner.isAtEnd else { return nil }
        self =
            nanoseconds % 1000 == 0
            ? TimeOfDay(nanoseconds / 1000, .microsecond) : TimeOfDay(nanoseconds, .nanosecond)
    }
}

extension Timestamp {
    /// A text such as `2026-11-22T21:30:00.5Z`: a date, a `T` or blank, a time, and a zone or none. In microseconds, or
    /// nanoseconds if the fraction is finer; a time with a zone becomes UTC.
    init?(iso8601 text: String) {
        var scanner = ASCIIScanner(text)
        guard let date = scanner.date(), scanner.take("Tt ") != nil, let time = scanner.time(),
            let zone = scanner.zone()
        else { return nil }
        let seconds = Int64(date.daysSinceEpoch) * 86_400 - (zone ?? 0)
        let unit: TimeUnit = time % 1000 == 0 ? .microsecond : .nanosecond
        let (product, overflow) = seconds.multipliedReportingOverflow(by: unit.perSecond)
        let (sum, carry) = product.addingReportingOverflow(time / (1_000_000_000 / unit.perSecond))
        guard !overflow, !carry else { return nil }
        self.init(sum, unit, timeZone: zone == nil ? nil : "UTC")
    }

    /// The same number under another zone.
    func `in`(_ zone: String?) -> Timestamp { Timestamp(value, unit, timeZone: zone) }
}

extension TimeSpan {
    /// A number of seconds such as `PT90.5S`.
    init?(iso8601 text: String, _ unit: TimeUnit) {
        let isNegative = text.hasPrefix("-")
        let rest = isNegative ? text.dropFirst() : text[...]
        guard rest.hasPrefix("PT"), rest.hasSuffix("S"),
            let number = DecimalNumber(String(rest.dropFirst(2).dropLast())),
            let nanoseconds = number.rescaled(to: 9)?.unscaled
        else { return nil }
        let (value, remainder) = nanoseconds.quotientAndRemainder(dividingBy: Int128(1_000_000_000 / unit.perSecond))
        guard remainder == 0, let value = Int64(exactly: isNegative ? -value : value) else { return nil }
        self.init(value, unit)
    }
}
