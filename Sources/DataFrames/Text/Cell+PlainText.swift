import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension Cell {
    /// The value as text that programs read: numbers in full, dates, times and lengths of time in ISO 8601, bytes as
    /// base64, what is nested as JSON, null as nothing.
    public var plainText: String {
        switch self {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .float(let value): value.isNaN ? "NaN" : value.description
        case .double(let value): value.isNaN ? "NaN" : value.description
        case .text(let text): text
        case .bytes(let bytes): Data(bytes).base64EncodedString()
        case .date(let date): date.description
        case .time(let time): time.description
        case .timestamp(let time): time.iso8601
        case .duration(let span): span.iso8601
        case .interval(let interval): interval.iso8601
        case .decimal(let number): number.description
        case .list, .structure, .map: jsonText
        }
    }

    /// The value as JSON, see ``DataFrame/jsonText``.
    var jsonText: String {
        var buffer = ByteBuffer()
        JSONCellWriter.write(self, into: &buffer)
        return String(buffer: buffer)
    }
}

extension Timestamp {
    /// `2026-11-22T21:30:00.5`, with a `Z` behind it if there is a time zone.
    var iso8601: String {
        let (day, time) = parts
        return "\(CalendarDate.text(ofDay: day))T\(time)" + (timeZone == nil ? "" : "Z")
    }
}

extension TimeSpan {
    /// A number of seconds such as `PT90.5S`.
    var iso8601: String { Self.text(value, unit.perSecond) }

    /// Seconds with a fraction behind `PT`.
    static func text(_ value: Int64, _ perSecond: Int64) -> String {
        let magnitude = value.magnitude
        let (seconds, rest) = magnitude.quotientAndRemainder(dividingBy: UInt64(perSecond))
        var text = "\(value < 0 ? "-" : "")PT\(seconds)"
        if rest != 0 {
            var digits = String(rest).leftPadded(String(perSecond).utf8.count - 1)
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return text + "S"
    }
}

extension CalendarInterval {
    /// `P1M2DT0.5S`; parts can have signs of their own.
    var iso8601: String {
        var text = "P"
        if months != 0 { text += "\(months)M" }
        if days != 0 { text += "\(days)D" }
        guard nanoseconds != 0 || text == "P" else { return text }
        let seconds = TimeSpan.text(nanoseconds, 1_000_000_000)
        return text + (seconds.hasPrefix("-") ? "T-" + seconds.dropFirst(3) : String(seconds.dropFirst()))
    }
}
