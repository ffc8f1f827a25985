import Foundation
import Logging

/// A log handler whose level is the control's. A copy of the logger may be set to say less than that, never more, and no
/// copy changes the level of the others.
struct AdjustableLogHandler: LogHandler {
    private let label: String
    private let control: LogControl
    /// What this copy was set to.
    private var own = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(label: String, _ control: LogControl) {
        self.label = label
        self.control = control
    }

    var logLevel: Logger.Level {
        get { max(own, control.current) }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let explicit = event.metadata { all.merge(explicit) { _, newer in newer } }
        if let error = event.error { all["error"] = "\(error)" }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        control.write(
            LogLine(
                time: time, level: event.level, label: label, source: event.source,
                message: event.message.description, metadata: all),
            from: LogLimiter.Place(file: event.file, line: event.line))
    }
}
