import Foundation
import Rembus
import Synchronization

/// Prints received messages, whichever subscription they come from, and counts them.
final class MessagePrinter: Sendable {
    private struct State {
        var count = 0
        /// Columns of the topic; grows with the topics that come, so that arguments stay aligned.
        var topicWidth = 16
        /// Nobody reads the output any more.
        var isClosed = false
    }

    private let format: OutputFormat
    private let isColored: Bool
    private let limit: Int?
    private let state = Mutex(State())
    /// Messages that came here, those of them that are printed, and those that were thrown away elsewhere. No part of the
    /// state: the lock is held while the reader of the output keeps us waiting.
    private let taken = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let discarded = Atomic<Int>(0)

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
        taken.add(1, ordering: .sequentiallyConsistent)
        return try state.withLock { state in
            if let limit, state.count >= limit { return false }
            do {
                switch format {
                case .json: try StandardOutput.write(Self.jsonLine(message) + "\n")
                case .pretty: try StandardOutput.write(prettyLine(message, &state) + "\n")
                }
            } catch {
                state.isClosed = true
                throw error
            }
            state.count += 1
            done.add(1, ordering: .sequentiallyConsistent)
            return state.count != limit
        }
    }

    /// Prints one more message at the end, or counts it as not printed.
    func printOrCount(_ message: Publication) {
        _ = try? print(message)
    }

    /// Whether another message would be printed.
    var isWanted: Bool { state.withLock { !$0.isClosed && $0.count != limit } }

    /// Messages that are printed.
    var printed: Int { done.load(ordering: .sequentiallyConsistent) }

    /// Messages that came and are not printed.
    var unprinted: Int {
        let printed = printed
        return taken.load(ordering: .sequentiallyConsistent) - printed
            + discarded.load(ordering: .sequentiallyConsistent)
    }

    /// Counts messages that were thrown away before they came here.
    func count(discarded count: Int) {
        discarded.add(count, ordering: .sequentiallyConsistent)
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
        return Value.map(ValueMap(uniqueKeysWithValues: members)).jsonLine
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
        let arguments = message.arguments
        let isTall = arguments.contains { $0.isFrame }
        let length = isTall ? .max : arguments.reduce(used) { $0 + plain.text($1).count + 1 }
        guard length <= layout.width else {
            return start + arguments.map { "\n    " + layout.text($0, indent: 4) }.joined()
        }
        layout.width = .max
        return start + "  " + arguments.map { layout.text($0) }.joined(separator: " ")
    }

    private static func clock() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { ($0 < 10 ? "0" : "") + "\($0)" }.joined(separator: ":")
    }
}
