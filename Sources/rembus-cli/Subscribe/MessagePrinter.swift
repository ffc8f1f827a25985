import Foundation
import Rembus
import Synchronization

/// Prints received messages, whichever subscription they come from, and counts them.
final class MessagePrinter: Sendable {
    private struct State {
        var count = 0
        /// Columns of the topic; grows with the topics that come, so that arguments stay aligned.
        var topicWidth = 16
    }

    private let format: OutputFormat
    private let isColored: Bool
    private let limit: Int?
    private let state = Mutex(State())

    /// Wider topics do not move the arguments of all others.
    private static let widestTopic = 40

    init(format: OutputFormat, isColored: Bool, limit: Int?) {
        self.format = format
        self.isColored = isColored
        self.limit = limit
    }

    /// Prints one message; false when it was the last one that is wanted.
    ///
    /// Throws ``OutputClosed`` when nobody reads any more.
    func print(_ message: Publication) throws -> Bool {
        try state.withLock { state in
            if let limit, state.count >= limit { return false }
            state.count += 1
            switch format {
            case .json: try StandardOutput.write(Self.jsonLine(message) + "\n")
            case .pretty: try StandardOutput.write(prettyLine(message, &state) + "\n")
            }
            return state.count != limit
        }
    }

    /// Throws when fewer messages came than are wanted.
    func checkComplete() throws {
        guard let limit else { return }
        let count = state.withLock { $0.count }
        guard count >= limit else {
            throw CommandFailure("only \(count) of \(limit) messages came in time", status: .timeout)
        }
    }

    static func jsonLine(_ message: Publication) -> String {
        var members: [(String, Value)] = [("topic", .text(message.topic)), ("arguments", .array(message.arguments))]
        if message.qos != .atMostOnce { members.append(("qos", .integer(Int64(message.qos.rawValue)))) }
        if let slot = message.slot, slot != 0 { members.append(("slot", .integer(Int64(slot)))) }
        return Value.map(ValueMap(uniqueKeysWithValues: members)).jsonText
    }

    private func prettyLine(_ message: Publication, _ state: inout State) -> String {
        var layout = ValueLayout(isColored: isColored, width: Terminal.width)
        let topic = ValueLayout.visible(message.topic)
        state.topicWidth = min(max(state.topicWidth, topic.count), Self.widestTopic)
        var notes = ""
        if message.qos != .atMostOnce { notes += " q\(message.qos.rawValue)" }
        if let slot = message.slot, slot != 0 { notes += " slot \(slot)" }
        let head = "\(Self.clock()) "
        let start =
            layout.paint(head, .faint) + layout.paint(topic.padding(to: state.topicWidth), .topic)
            + layout.paint(notes, .faint)
        let used = head.count + max(state.topicWidth, topic.count) + notes.count + 2
        // On the same line when everything fits there, else below, where there is room for the structure.
        let plain = ValueLayout(width: .max)
        let length = message.arguments.reduce(used) { $0 + plain.text($1).count + 1 }
        guard length <= layout.width else {
            return start + message.arguments.map { "\n    " + layout.text($0, indent: 4) }.joined()
        }
        layout.width = .max
        return start + "  " + message.arguments.map { layout.text($0) }.joined(separator: " ")
    }

    private static func clock() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + "\($0)" }.joined(separator: ":")
    }
}
