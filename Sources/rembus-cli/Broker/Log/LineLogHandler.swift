import Foundation
import Logging

/// A log handler that writes lines to standard error. The server decides about the level, which an administrator may
/// change.
struct LineLogHandler: LogHandler {
    private let label: String
    private let control: LogControl
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(label: String, _ control: LogControl) {
        self.label = label
        self.control = control
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
