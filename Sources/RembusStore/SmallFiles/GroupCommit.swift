package import Dispatch
package import Logging
import NIOConcurrencyHelpers

/// Writes a small file off the event loops: one write and one sync serve all waiting callers, which are answered
/// afterwards.
///
/// The owner keeps the changes to be written; this class decides when to write, whether to sync, and which callers to
/// tell. While the disk fails, no caller is told and the write is tried again every second. The mutable state is
/// guarded by `lock`, except for what only the queue uses; hence unchecked.
package final class GroupCommit: @unchecked Sendable {
    /// Writes all pending changes, if any; with `isSynced` it returns when the disk has confirmed them and all earlier
    /// ones. After an error the next call writes what this one could not.
    package typealias Write = @Sendable (_ isSynced: Bool) throws(StorageError) -> Void

    private struct Waiter {
        let number: UInt64
        let done: @Sendable () -> Void
    }

    private let queue: DispatchQueue
    private let lock = NIOLock()
    /// How many changes there were, and how many of them are as durable as the policy asks for.
    private var (changed, durable): (UInt64, UInt64) = (0, 0)
    private var waiters: [Waiter] = []
    /// When the next write is to be: now, some time, or none is planned.
    private var plan = Plan.none
    private var isRetrying = false
    /// The last write failed.
    private var isBroken = false

    private let subject: String
    private let logger: Logger
    private let policy: SyncPolicy
    private let delay: DispatchTimeInterval
    private let write: Write
    // Used on the queue only.
    private var isUnsynced = false
    private var isClosed = false

    private enum Plan {
        case none, later, now
    }

    private static let retryDelay = DispatchTimeInterval.seconds(1)

    /// - Parameters:
    ///   - subject: What is written, in the plural, for messages: "subscriptions and marks".
    ///   - policy: When a write counts.
    ///   - delay: How long changes may wait when nobody waits for them.
    ///   - write: Called on a queue of its own, never twice at a time.
    package init(
        _ subject: String, policy: SyncPolicy, delay: DispatchTimeInterval = .never, logger: Logger,
        write: @escaping Write
    ) {
        self.subject = subject
        self.policy = policy
        self.delay = delay
        self.logger = logger
        self.write = write
        queue = DispatchQueue(label: "rembus.\(subject)", qos: .utility)
    }

    /// Whether the last write failed, so that nothing is answered.
    package var isFailing: Bool { lock.withLock { isBroken } }

    /// There is something new to be written. Called after it was put where `write` finds it.
    package func change() {
        let isPlanned = lock.withLock { () -> Bool in
            changed += 1
            guard plan == .none, !isRetrying else { return true }
            plan = delay == .never ? .now : .later
            return false
        }
        guard !isPlanned else { return }
        if delay == .never {
            queue.async { self.commit() }
        } else {
            queue.asyncAfter(deadline: .now() + delay) { self.commit() }
        }
    }

    /// Calls `done` on the writing queue when all changes so far are durable. False when they are already: `done` is then not
    /// called.
    package func whenDurable(_ done: @escaping @Sendable () -> Void) -> Bool {
        let (mustWait, mustPlan) = lock.withLock { () -> (Bool, Bool) in
            guard durable < changed else { return (false, false) }
            waiters.append(Waiter(number: changed, done: done))
            guard plan != .now, !isRetrying else { return (true, false) }
            plan = .now
            return (true, true)
        }
        if mustPlan { queue.async { self.commit() } }
        return mustWait
    }

    /// Returns when everything so far is written, or could not be.
    package func flush() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.commit()
                continuation.resume()
            }
        }
    }

    /// Writes all changes so far, if the disk permits, and none afterwards, because the file may then belong to another
    /// owner. `end` closes the file on the writing queue; a second call does nothing.
    package func close(_ end: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            queue.async {
                if !self.isClosed {
                    self.commit()
                    self.isClosed = true
                    end()
                }
                continuation.resume()
            }
        }
    }

    // MARK: On the queue

    private func commit() {
        guard !isClosed else { return }
        let (target, isDue) = lock.withLock {
            plan = .none
            isRetrying = false
            return (changed, durable < changed)
        }
        guard isDue else { return }
        do throws(StorageError) {
            try write(policy == .always)
        } catch {
            return failed(error)
        }
        if isFailing { logger.notice("\(subject) are written again") }
        let done = lock.withLock {
            isBroken = false
            durable = target
            let count = waiters.firstIndex { $0.number > target } ?? waiters.count
            defer { waiters.removeFirst(count) }
            return waiters.prefix(count)
        }
        for waiter in done { waiter.done() }
        syncLater()
    }

    private func failed(_ error: StorageError) {
        if !isFailing { logger.error("\(subject) are not written, and nothing about them is answered: \(error)") }
        lock.withLock { (isRetrying, isBroken) = (true, true) }
        queue.asyncAfter(deadline: .now() + Self.retryDelay) { self.commit() }
    }

    /// Has the disk confirm what was written without a sync, once in the interval.
    private func syncLater() {
        guard case .interval(let interval) = policy, !isUnsynced else { return }
        isUnsynced = true
        let (seconds, attoseconds) = interval.components
        let nanoseconds = Int(clamping: seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) {
            self.isUnsynced = false
            guard !self.isClosed else { return }
            do throws(StorageError) {
                try self.write(true)
            } catch {
                self.lock.withLock { self.changed += 1 }
                self.failed(error)
            }
        }
    }
}
