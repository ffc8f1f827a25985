package import Logging

/// A log line that is repeated often, such as one per attempt. It is logged at once when it is new or its text changes,
/// and otherwise once per ``interval`` with the number of omitted lines.
package struct RepeatedLine: Sendable {
    /// How often the same is said again.
    package static let interval = Duration.seconds(300)

    private var last: String?
    private var due = ContinuousClock.now
    private var leftOut = 0

    package init() {}

    /// Logs the line unless it was logged lately.
    /// - Parameter about: The text by which a line counts as the same, mostly the error's.
    package mutating func log(
        _ logger: Logger, _ level: Logger.Level, _ line: @autoclosure () -> Logger.Message, about: String,
        metadata: @autoclosure () -> Logger.Metadata = [:], now: ContinuousClock.Instant = .now
    ) {
        guard about != last || now >= due else {
            leftOut += 1
            return
        }
        var metadata = metadata()
        if leftOut > 0 { metadata["left_out"] = .stringConvertible(leftOut) }
        logger.log(level: level, line(), metadata: metadata)
        (last, due, leftOut) = (about, now + Self.interval, 0)
    }

    /// The next line counts as new.
    package mutating func reset() { self = RepeatedLine() }

    /// Ends the condition that the line reports, so that the next line counts as new. Returns whether the line was
    /// logged since the last reset.
    package mutating func end() -> Bool {
        defer { reset() }
        return last != nil
    }
}
