package import Logging
import NIOConcurrencyHelpers
package import RembusStore

/// Saves records of components outside of the event loops: the newest record of each, with one sync for all answers
/// that wait.
///
/// Waiting records are guarded by `lock`. The file is used on the writing queue only; hence unchecked.
package final class ComponentKeeper: @unchecked Sendable {
    private final class Target: @unchecked Sendable {
        let lock = NIOLock()
        var waiting: [String: ComponentRecord] = [:]
        let file: ComponentFile
        var onSave: [@Sendable ([ComponentRecord]) -> Void]

        init(_ file: ComponentFile, _ onSave: @escaping @Sendable ([ComponentRecord]) -> Void) {
            self.file = file
            self.onSave = [onSave]
        }

        func write(isSynced: Bool) throws(StorageError) {
            let records = lock.withLock {
                defer { waiting = [:] }
                return Array(waiting.values)
            }
            do throws(StorageError) {
                try file.save(records, isSynced: isSynced)
            } catch {
                // Unless newer records have come meanwhile.
                lock.withLock {
                    for record in records where waiting[record.name] == nil { waiting[record.name] = record }
                }
                throw error
            }
            guard !records.isEmpty else { return }
            for action in lock.withLock({ onSave }) { action(records) }
        }
    }

    private static let maxForgotten = 250_000
    private let target: Target
    private let commit: GroupCommit

    /// - Parameters:
    ///   - file: The file of records.
    ///   - policy: When a record counts as written.
    ///   - onSave: Called on the keeper's own queue with records that were written, for copies elsewhere.
    package init(
        file: sending ComponentFile, policy: SyncPolicy = .always, logger: Logger,
        onSave: @escaping @Sendable ([ComponentRecord]) -> Void = { _ in }
    ) {
        let target = Target(file, onSave)
        self.target = target
        commit = GroupCommit("subscriptions and marks", policy: policy, logger: logger) {
            isSynced throws(StorageError) in
            try target.write(isSynced: isSynced)
        }
    }

    /// Adds an action that is called with records after they were written, on the keeper's queue.
    func onSave(_ action: @escaping @Sendable ([ComponentRecord]) -> Void) {
        target.lock.withLock { target.onSave.append(action) }
    }

    /// Queues a record to be written soon. An older one of the same name that is still queued is dropped.
    package func save(_ record: ComponentRecord) {
        target.lock.withLock {
            // While the disk fails, records of forgotten names do not pile up. A name that reappears with a restart is
            // forgotten again.
            let isKept = !record.isEmpty || target.waiting.count < Self.maxForgotten
            target.waiting[record.name] = isKept ? record : nil
        }
        commit.change()
    }

    /// Calls `done`, not on an event loop, when everything saved so far is durable. Returns false, without calling it,
    /// when it is already.
    package func whenSaved(_ done: @escaping @Sendable () -> Void) -> Bool { commit.whenDurable(done) }

    /// Whether the last attempt to write failed.
    var isFailing: Bool { commit.isFailing }

    /// Returns when everything saved so far is on the disk or could not be written. Nothing is written after that.
    package func close() async { await commit.close { [target] in target.file.close() } }
}
