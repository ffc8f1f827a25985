import Logging
import Synchronization

/// How much is logged, for all loggers of the process; an administrator may change it while the broker runs.
final class LogControl: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) {
        self.level = Mutex(level)
    }

    var current: Logger.Level { level.withLock { $0 } }

    func set(_ newLevel: Logger.Level) {
        level.withLock { $0 = newLevel }
    }
}

/// A log handler whose level is the control's, in every copy of the logger.
struct AdjustableLogHandler: LogHandler {
    private var handler: StreamLogHandler
    private let control: LogControl

    init(_ handler: StreamLogHandler, _ control: LogControl) {
        self.handler = handler
        self.control = control
        self.handler.logLevel = .trace
    }

    var logLevel: Logger.Level {
        get { control.current }
        set { control.set(newValue) }
    }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        handler.log(event: event)
    }
}
