import Dispatch
import NIOConcurrencyHelpers
package import Logging
package import RembusStore

/// Writes what is known of components behind the event loops: the newest record of each, on a queue of its own.
///
/// What is waiting is guarded by `lock`, the file is touched on `queue` only; hence unchecked.
package final class ComponentKeeper: @unchecked Sendable {
    private let queue = DispatchQueue(label: "rembus.components", qos: .utility)
    private let lock = NIOLock()
    private var waiting: [String: ComponentRecord] = [:]
    private var isScheduled = false
    private let file: ComponentFile
    private var isFailing = false
    private let logger: Logger
    /// Told of every record after it was written, on the keeper's queue.
    private let onSave: @Sendable ([ComponentRecord]) -> Void

    /// - Parameters:
    ///   - file: Where records are kept.
    ///   - onSave: For whoever keeps a copy elsewhere; called on the keeper's own queue.
    package init(
        file: sending ComponentFile, logger: Logger, onSave: @escaping @Sendable ([ComponentRecord]) -> Void = { _ in }
    ) {
        self.file = file
        self.logger = logger
        self.onSave = onSave
    }

    /// Has a record written soon; an older one of the same name that still waits is dropped.
    package func save(_ record: ComponentRecord) {
        let mustSchedule = lock.withLock {
            waiting[record.name] = record
            defer { isScheduled = true }
            return !isScheduled
        }
        if mustSchedule { queue.async { self.write() } }
    }

    /// Returns when everything saved so far is on the disk, or could not be written.
    package func flush() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.write()
                continuation.resume()
            }
        }
    }

    private func write() {
        let records = lock.withLock {
            isScheduled = false
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        guard !records.isEmpty else { return }
        do {
            try file.save(records)
            if isFailing { logger.notice("subscriptions and marks are written again") }
            isFailing = false
        } catch {
            if !isFailing { logger.error("subscriptions and marks are not written: \(error)") }
            isFailing = true
            keep(records)
        }
        onSave(records)
    }

    /// Puts records back that could not be written, unless newer ones have come.
    private func keep(_ records: [ComponentRecord]) {
        lock.withLock {
            for record in records where waiting[record.name] == nil { waiting[record.name] = record }
            guard !isScheduled else { return }
            isScheduled = true
            queue.asyncAfter(deadline: .now() + 1) { self.write() }
        }
    }
}
