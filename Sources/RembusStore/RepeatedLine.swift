package import Logging

/// A log line that comes again and again, such as one per attempt: it is said at once when it is new or says something
/// else, and then once in a while with how often it was left out.
package struct RepeatedLine: Sendable {
    /// How often the same is said again.
    package static let interval = Duration.seconds(300)

    private var last: String?
    private var due = ContinuousClock.now
    private var leftOut = 0

    package init() {}

    /// Logs the line unless it was said lately.
    /// - Parameter about: What tells the line from others, mostly the error's text.
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

    /// The next one is new again.
    package mutating func reset() { self = RepeatedLine() }

    /// Whether the line was said since the last reset; what it speaks of is over, and the next one is new again.
    package mutating func end() -> Bool {
        defer { reset() }
        return last != nil
    }
}
