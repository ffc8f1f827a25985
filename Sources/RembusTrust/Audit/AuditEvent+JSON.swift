import Foundation

extension AuditEvent {
    /// The most bytes of one text in the log, because peers choose names and topics.
    private static let maximumTextBytes = 1024
    private static let maximumDetails = 16

    /// The event as one line: a JSON object without the line break. No text in it contains a line break.
    ///
    /// - Parameter time: When it happened, in milliseconds since 1970.
    func line(at time: Int64) -> [UInt8] {
        var line = #"{"time":""# + Self.text(of: time) + "\""
        Self.add("action", action, to: &line)
        if let name { Self.add("name", name, to: &line) }
        Self.add("address", address, to: &line)
        Self.add("outcome", outcome, to: &line)
        if !details.isEmpty {
            line += #","details":{"#
            for (index, detail) in details.sorted(by: { $0.key < $1.key }).prefix(Self.maximumDetails).enumerated() {
                if index > 0 { line += "," }
                Self.quote(detail.key, to: &line)
                line += ":"
                Self.quote(detail.value, to: &line)
            }
            line += "}"
        }
        return Array((line + "}").utf8)
    }

    private static func add(_ key: String, _ value: String, to line: inout String) {
        line += ",\"\(key)\":"
        quote(value, to: &line)
    }

    private static func quote(_ text: String, to line: inout String) {
        line.unicodeScalars.append("\"")
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= maximumTextBytes else {
                line.unicodeScalars.append("…")
                break
            }
            switch scalar {
            case "\"": line += "\\\""
            case "\\": line += "\\\\"
            // These include characters that terminals and some readers take for a line end or a command.
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}"..."\u{2029}":
                let hex = String(scalar.value, radix: 16)
                line += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: line.unicodeScalars.append(scalar)
            }
        }
        line.unicodeScalars.append("\"")
    }

    /// The time as in RFC 3339, in UTC with milliseconds.
    private static func text(of time: Int64) -> String {
        let (seconds, milliseconds) = time.quotientAndRemainder(dividingBy: 1000)
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        let fraction = "00\(milliseconds)".suffix(3)
        return date.formatted(.iso8601).dropLast() + ".\(fraction)Z"
    }
}
