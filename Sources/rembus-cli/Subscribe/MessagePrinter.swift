import Foundation
import Rembus
import Synchronization

/// Prints and counts the received messages of all subscriptions.
final class MessagePrinter: Sendable {
    private struct State {
        var count = 0
        /// The columns of the topic. They grow with longer topics, so that arguments stay aligned.
        var topicWidth = 16
        /// Whether nobody reads the output any more.
        var isClosed = false
    }

    private let format: OutputFormat
    private let isColored: Bool
    private let limit: Int?
    private let state = Mutex(State())
    /// The number of messages that came here, of those that were printed, and of those that were discarded elsewhere.
    /// They are not part of the state, whose lock is held while the reader of the output is slow.
    private let taken = Atomic<Int>(0)
    private let done = Atomic<Int>(0)
    private let discarded = Atomic<Int>(0)

    /// Longer topics do not move the arguments of all others.
    private static let widestTopic = 40

    init(format: OutputFormat, isColored: Bool, limit: Int?) {
        self.format = format
        self.isColored = isColored
        self.limit = limit
    }

    /// Prints one message. Returns false when it was the last one that is wanted.
    ///
    /// Throws ``OutputClosed`` when nobody reads the output any more.
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

    /// Prints another message at the end, or counts it as not printed.
    func printOrCount(_ message: Publication) {
        _ = try? print(message)
    }

    /// Whether another message would be printed.
    var isWanted: Bool { state.withLock { !$0.isClosed && $0.count != limit } }

    /// The number of messages that were printed.
    var printed: Int { done.load(ordering: .sequentiallyConsistent) }

    /// The number of messages that came and were not printed.
    var unprinted: Int {
        let printed = printed
        return taken.load(ordering: .sequentiallyConsistent) - printed
            + discarded.load(ordering: .sequentiallyConsistent)
    }

    /// Counts messages that were discarded elsewhere.
    func count(discarded count: Int) {
        discarded.add(count, ordering: .sequentiallyConsistent)
    }

    /// Throws when there were fewer messages than wanted.
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
        // Arguments are on the same line if they fit, otherwise below, where there is room for their structure.
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
