import Logging

/// A log line that comes again and again, such as one per attempt: it is said at once when it is new or says something
/// else, and then once in a while with how often it was left out.
struct RepeatedLine {
    /// How often the same is said again.
    static let interval = Duration.seconds(300)

    private var last: String?
    private var due = ContinuousClock.now
    private var leftOut = 0

    /// Logs the line unless it was said lately.
    /// - Parameter about: What tells the line from others, mostly the error's text.
    mutating func log(
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
    mutating func reset() { self = RepeatedLine() }
}
