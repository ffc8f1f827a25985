import Foundation
package import Logging
import Synchronization

/// The log of actions: who did what, from where and with what outcome. It is JSON, one line for each event, in a file
/// with access for its owner only. When the file is full, a new one begins (`audit.log`, `audit.log.1`, …).
///
/// Recording never waits for the disk. When too many events wait, further ones are dropped and counted; the count is
/// logged too.
package final class AuditLog: Sendable {
    /// The most events that may wait for the disk.
    private static let maximumWaiting = 10_000
    /// The shortest time between two warnings about a disk that cannot be written, in seconds.
    private static let complaintInterval = 60.0

    private struct Waiting {
        var events: [(time: Int64, event: AuditEvent)] = []
        var dropped: UInt64 = 0
        var isScheduled = false
        var isClosed = false
    }

    private struct Output: ~Copyable {
        var file: AuditFile
        var lastComplaint = -Double.infinity
    }

    private let waiting = Mutex(Waiting())
    private let output: Mutex<Output>
    private let queue = DispatchQueue(label: "rembus.audit", qos: .utility)
    private let logger: Logger
    private let droppedCount = Atomic<UInt64>(0)

    /// Makes a log without opening the file. If the file cannot be written, a warning is logged when there is something
    /// to write.
    ///
    /// - Parameters:
    ///   - path: The file; its folder must exist.
    ///   - maximumBytes: The size at which a new file begins. One event has some 20 KiB at most.
    ///   - files: The most files, including the one that is written.
    package init(path: String, maximumBytes: Int = 10 << 20, files: Int = 5, logger: Logger) {
        self.logger = logger
        output = Mutex(Output(file: AuditFile(path: path, maximumBytes: maximumBytes, files: files)))
    }

    /// The number of events that were dropped because the disk was too slow or could not be written.
    package var dropped: UInt64 { droppedCount.load(ordering: .relaxed) }

    /// Records an event with the current time. Never blocks.
    package func record(_ event: AuditEvent) {
        let time = Int64(Date().timeIntervalSince1970 * 1000)
        let mustSchedule = waiting.withLock { waiting in
            guard !waiting.isClosed, waiting.events.count < Self.maximumWaiting else {
                waiting.dropped += 1
                return false
            }
            waiting.events.append((time, event))
            defer { waiting.isScheduled = true }
            return !waiting.isScheduled
        }
        if mustSchedule { queue.async { [self] in flush() } }
    }

    /// Writes the waiting events and closes the file. Events after that are dropped.
    package func close() async {
        waiting.withLock { $0.isClosed = true }
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                flush()
                output.withLock { $0.file.end() }
                continuation.resume()
            }
        }
    }

    private func flush() {
        while let (events, dropped) = take() {
            var lines = events.map { $0.event.line(at: $0.time) }
            if dropped > 0 {
                droppedCount.add(dropped, ordering: .relaxed)
                logger.warning("\(dropped) events are missing in the audit log: more came than the disk takes")
                let gap = AuditEvent(
                    action: "audit.dropped", address: "", outcome: "lost", details: ["count": "\(dropped)"])
                lines.append(gap.line(at: Int64(Date().timeIntervalSince1970 * 1000)))
            }
            write(lines)
        }
    }

    /// The waiting events; nil when there are none.
    private func take() -> (events: [(time: Int64, event: AuditEvent)], dropped: UInt64)? {
        waiting.withLock { waiting in
            guard !waiting.events.isEmpty || waiting.dropped > 0 else {
                waiting.isScheduled = false
                return nil
            }
            defer { (waiting.events, waiting.dropped) = ([], 0) }
            return (waiting.events, waiting.dropped)
        }
    }

    private func write(_ lines: [[UInt8]]) {
        output.withLock { output in
            do throws(TrustError) {
                try output.file.write(lines)
            } catch {
                droppedCount.add(UInt64(lines.count), ordering: .relaxed)
                let now = Date().timeIntervalSince1970
                guard now - output.lastComplaint > Self.complaintInterval else { return }
                output.lastComplaint = now
                logger.error("the audit log lacks events: \(error)")
            }
        }
    }
}
