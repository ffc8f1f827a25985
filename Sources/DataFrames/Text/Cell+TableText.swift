import Foundation

extension Cell {
    /// The value as Polars shows it in a table.
    var tableText: String {
        if case .text(let text) = self { text } else { nestedText }
    }

    /// The value as Polars shows it within a list: texts have quotes there.
    private var nestedText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .uint(let value): String(value)
        case .float(let value): FloatText.text(Double(value))
        case .double(let value): FloatText.text(value)
        case .text(let text): "\"\(text)\""
        case .bytes(let bytes): "b\"" + bytes.map(Self.escaped).joined() + "\""
        case .date(let date): date.description
        case .time(let time): time.grouped
        case .timestamp(let time): time.tableText
        case .duration(let span): span.tableText
        case .interval(let interval): interval.description
        case .decimal(let number): number.description
        case .list(let cells): Self.list(cells)
        case .structure(let members): "{" + members.map(\.value.nestedText).joined(separator: ",") + "}"
        case .map(let entries): Self.list(entries.map { .structure([.init("", $0.key), .init("", $0.value)]) })
        }
    }

    /// At most three elements: the first two and the last of longer lists.
    private static func list(_ cells: [Cell]) -> String {
        guard cells.count > 3, let last = cells.last else {
            return "[" + cells.map(\.nestedText).joined(separator: ", ") + "]"
        }
        return "[" + cells.prefix(2).map { $0.nestedText + ", " }.joined() + "… " + last.nestedText + "]"
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case 0x20...0x7E: String(UnicodeScalar(byte))
        default: "\\x" + String(byte, radix: 16).leftPadded(2)
        }
    }
}

extension TimeOfDay {
    /// With a fraction of 0, 3, 6 or 9 digits.
    var grouped: String {
        let text = description
        guard let point = text.firstIndex(of: ".") else { return text }
        let digits = text.distance(from: point, to: text.endIndex) - 1
        return text + String(repeating: "0", count: (3 - digits % 3) % 3)
    }
}

extension Timestamp {
    /// `2026-11-22 22:30:00.500 CET`: local time with the name of its zone, where the system knows it.
    fileprivate var tableText: String {
        guard let timeZone else { return Timestamp.text(self) }
        if timeZone == "UTC" { return Timestamp.text(self) + " UTC" }
        let (seconds, _) = floorDivide(value, unit.perSecond)
        let date = Date(timeIntervalSince1970: Double(seconds))
        guard let zone = TimeZone(identifier: timeZone), let ahead = Int64(exactly: zone.secondsFromGMT(for: date))
        else {
            return Timestamp.text(self) + " UTC"
        }
        let (local, overflow) = value.addingReportingOverflow(ahead * unit.perSecond)
        guard !overflow else { return Timestamp.text(self) + " UTC" }
        let (hours, minutes) = (ahead.magnitude / 3600, ahead.magnitude / 60 % 60)
        let offset = "\(ahead < 0 ? "-" : "+")\(CalendarDate.padded(Int(hours))):\(CalendarDate.padded(Int(minutes)))"
        return Timestamp.text(Timestamp(local, unit)) + " " + offset
    }

    private static func text(_ time: Timestamp) -> String {
        let (day, clock) = time.parts
        return "\(CalendarDate.text(ofDay: day)) \(clock.grouped)"
    }
}

extension TimeSpan {
    /// `1d 2h 3m 4s 5ms`; the fraction of a second in the coarsest unit that it is a multiple of.
    fileprivate var tableText: String {
        let perSecond = UInt64(unit.perSecond)
        let sign = value < 0 ? "-" : ""
        if value == 0 { return "0" + Self.symbol(unit) }
        var parts: [String] = []
        var rest = value.magnitude
        for (size, symbol) in [(UInt64(86_400), "d"), (3600, "h"), (60, "m"), (1, "s")] {
            let (count, remainder) = rest.quotientAndRemainder(dividingBy: size * perSecond)
            if count > 0 { parts.append("\(sign)\(count)\(symbol)") }
            rest = remainder
        }
        if rest > 0 {
            var unit = unit
            while rest % 1000 == 0, unit == .nanosecond || unit == .microsecond {
                rest /= 1000
                unit = unit == .nanosecond ? .microsecond : .millisecond
            }
            parts.append("\(sign)\(rest)\(Self.symbol(unit))")
        }
        return parts.joined(separator: " ")
    }

    private static func symbol(_ unit: TimeUnit) -> String { unit == .microsecond ? "µs" : unit.symbol }
}

/// Floats as Polars shows them: at most six digits behind the point, very large and small ones with an exponent.
enum FloatText {
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        if value.rounded(.towardZero) == value, abs(value) < 999_999 { return String(format: "%.1f", value) }
        let plain = plain(value)
        guard plain.utf8.count > 9 else {
            return value.rounded(.towardZero) == value ? exponent(value.description) : plain
        }
        guard (0.000_001...999_999).contains(abs(value)) else { return exponent(String(format: "%.4e", value)) }
        var text = String(format: "%.6f", value)
        while text.hasSuffix("0") { text.removeLast() }
        return text.hasSuffix(".") ? text + "0" : text
    }

    /// The shortest digits that stand for the number, without an exponent.
    private static func plain(_ value: Double) -> String {
        let text = value.description
        guard let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) else {
            return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
        }
        let sign = text.hasPrefix("-") ? "-" : ""
        let mantissa = text[..<mark].drop { $0 == "-" }
        let digits = mantissa.filter { $0 != "." }
        // Where the point stands within the digits.
        let point = 1 + exponent
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
        return sign + digits + String(repeating: "0", count: max(0, point - digits.count))
    }

    /// The exponent without a plus and leading zeros, and a mantissa without a needless fraction; integers get an
    /// exponent.
    private static func exponent(_ text: String) -> String {
        if let mark = text.firstIndex(of: "e"), let exponent = Int(text[text.index(after: mark)...]) {
            return text[..<mark] + "e\(exponent)"
        }
        let sign = text.hasPrefix("-") ? "-" : ""
        var digits = text.prefix { $0 != "." }.drop { $0 == "-" }
        let exponent = digits.count - 1
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        let fraction = digits.dropFirst()
        return sign + digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e\(exponent)"
    }
}
