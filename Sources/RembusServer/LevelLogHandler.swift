import Logging
import Synchronization

/// The log level of a server. An administrator or a reload of the settings may change it while the server runs.
final class LogLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) {
        self.level = Mutex(level)
    }

    var current: Logger.Level { level.withLock { $0 } }

    func set(_ newLevel: Logger.Level) {
        level.withLock { $0 = newLevel }
    }

    /// A logger with the output of the given one and this level.
    func applied(to logger: Logger) -> Logger {
        var logger = logger
        logger.handler = LevelLogHandler(logger.handler, self)
        return logger
    }
}

/// A log handler with the level of the server. A copy of the logger may be set to log less than that, but not more. A
/// change of one copy does not affect the others.
private struct LevelLogHandler: LogHandler {
    private var target: any LogHandler
    private let level: LogLevel
    /// The level that this copy was set to.
    private var own = Logger.Level.trace

    init(_ target: any LogHandler, _ level: LogLevel) {
        self.target = target
        self.level = level
    }

    var logLevel: Logger.Level {
        get { max(own, level.current) }
        set { own = newValue }
    }

    var metadata: Logger.Metadata {
        get { target.metadata }
        set { target.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { target.metadataProvider }
        set { target.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { target[metadataKey: key] }
        set { target[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { target.log(event: event) }
}
