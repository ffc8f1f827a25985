package import Logging
import Synchronization

/// Keeps what is logged.
package final class LogRecorder: Sendable {
    /// One line of a log.
    package struct Entry: Sendable, Equatable {
        package var level: Logger.Level
        package var message: String
        /// What the line says of itself, and what its logger says of every line.
        package var metadata: Logger.Metadata
        /// The module and the file that it comes from, which is how floods are told apart.
        package var place: String

        package init(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata = [:], place: String = "") {
            self.level = level
            self.message = message
            self.metadata = metadata
            self.place = place
        }

        /// The message and its metadata.
        package var text: String {
            ([message] + metadata.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        }
    }

    private let kept = Mutex<[Entry]>([])
    private let level: Logger.Level

    /// - Parameter level: The least important lines that are kept.
    package init(_ level: Logger.Level = .notice) { self.level = level }

    package var entries: [Entry] { kept.withLock { $0 } }

    package var lines: [String] { entries.map(\.text) }

    package func count(of level: Logger.Level) -> Int { entries.count { $0.level == level } }

    package var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self, logLevel: self.level) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let entry = Entry(
                event.level, "\(event.message)", metadata.merging(event.metadata ?? [:]) { $1 },
                place: "\(event.source) \(event.file.split(separator: "/").last ?? "")")
            recorder.kept.withLock { $0.append(entry) }
        }
    }
}
