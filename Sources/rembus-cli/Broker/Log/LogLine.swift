import Foundation
import Logging
import NIOCore
import RembusBroker
import RembusWire

/// One log entry as the line that is written.
struct LogLine {
    var time: timespec
    var level: Logger.Level
    var label: String
    var source: String
    var message: String
    var metadata: Logger.Metadata

    /// The line with its line end.
    func text(_ format: LogFormat) -> String {
        switch format {
        case .text: plain
        case .json: json
        }
    }

    /// The plain form. Metadata follows the message in braces: `… [Source] the message {count=3 reason="no room"}`.
    private var plain: String {
        let facts = metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\(Value($0.value).logText)" }
        let tail = facts.isEmpty ? "" : " {\(facts.joined(separator: " "))}"
        let line = "\(localTime) \(level) \(label): [\(source)] \(message)\(tail)"
        return (line.withControlsEscaped ?? line) + "\n"
    }

    private var json: String {
        var fields: ValueMap = [
            "time": .text(universalTime), "level": .text(level.rawValue), "logger": .text(label),
            "source": .text(source), "message": .text(message),
        ]
        if !metadata.isEmpty {
            fields["metadata"] = .map(
                ValueMap(
                    uniqueKeysWithValues: metadata.sorted { $0.key < $1.key }.map { ($0.key, Value($0.value)) }))
        }
        var buffer = ByteBuffer()
        Value.map(fields).encodeJSON(into: &buffer)
        buffer.writeStaticString("\n")
        return String(buffer: buffer)
    }

    // MARK: Time

    private var milliseconds: String {
        let text = String(time.tv_nsec / 1_000_000)
        return String(repeating: "0", count: 3 - text.count) + text
    }

    /// The local time with its offset from UTC: `2026-03-29T12:00:00.123+0200`.
    private var localTime: String {
        var (second, parts) = (time.tv_sec, tm())
        localtime_r(&second, &parts)
        return "\(Self.text(parts, "%Y-%m-%dT%H:%M:%S")).\(milliseconds)\(Self.text(parts, "%z"))"
    }

    /// The time in UTC, `2026-03-29T10:00:00.123Z`, which is the easiest form for programs.
    private var universalTime: String {
        var (second, parts) = (time.tv_sec, tm())
        gmtime_r(&second, &parts)
        return "\(Self.text(parts, "%Y-%m-%dT%H:%M:%S")).\(milliseconds)Z"
    }

    private static func text(_ parts: tm, _ format: String) -> String {
        var (parts, buffer) = (parts, [CChar](repeating: 0, count: 64))
        let count = strftime(&buffer, buffer.count, format, &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Value {
    /// Metadata of a log event.
    fileprivate init(_ metadata: Logger.MetadataValue) {
        switch metadata {
        case .string(let text): self = .text(text)
        case .stringConvertible(let value): self = Self.number(value) ?? .text(value.description)
        case .array(let values): self = .array(values.map { Value($0) })
        case .dictionary(let values):
            self = .map(
                ValueMap(
                    uniqueKeysWithValues: values.sorted { $0.key < $1.key }.map { ($0.key, Value($0.value)) }))
        }
    }
}

extension Value {
    /// Numbers and truth values keep their type, for programs that compute with them.
    private static func number(_ value: any CustomStringConvertible) -> Value? {
        switch value {
        case let flag as Bool: .bool(flag)
        case let number as any BinaryInteger:
            Int64(exactly: number).map(Value.integer) ?? UInt64(exactly: number).map { Value(unsigned: $0) }
        case let number as any BinaryFloatingPoint: Double(number).isFinite ? .float(Double(number)) : nil
        default: nil
        }
    }

    /// The value in a plain line: as it is, or as JSON if its end could not be recognised otherwise.
    fileprivate var logText: String {
        guard let text = stringValue else { return jsonText }
        let isPlain =
            !text.isEmpty
            && text.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && !"\"\\{}=".unicodeScalars.contains($0) }
        return isPlain ? text : jsonText
    }
}

extension String {
    /// The text with its control characters escaped; nil when it has none. Topics and names come from peers, which
    /// could otherwise end a line and write another one, or send commands to the terminal.
    fileprivate var withControlsEscaped: String? {
        guard unicodeScalars.contains(where: \.isControl) else { return nil }
        return unicodeScalars.reduce(into: "") { text, scalar in
            text += scalar.isControl ? scalar.escaped(asASCII: true) : String(scalar)
        }
    }
}

extension Unicode.Scalar {
    /// Control characters, line separators, and characters that change the direction of text.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
