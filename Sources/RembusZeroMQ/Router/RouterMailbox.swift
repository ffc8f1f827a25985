import NIOCore
import Synchronization

/// Where event loops and the socket's thread meet.
final class RouterMailbox: Sendable {
    struct Inbox {
        var batches: [OutgoingBatch] = []
        /// Whether newcomers are let in.
        var isAccepting = true
        /// Whether anything is read.
        var isReading = true
        /// Set when the socket is to be closed.
        var onEnd: (@Sendable () -> Void)?
    }

    let wakeUp: WakeUp
    private let inbox = Mutex(Inbox())
    /// Bytes that were read and not handled.
    private let unhandled = Atomic<Int>(0)
    private let isStalled = Atomic<Bool>(false)

    init() throws {
        wakeUp = try WakeUp()
    }

    // MARK: Event loops

    func put(_ batch: OutgoingBatch) {
        inbox.withLock { $0.batches.append(batch) }
        wakeUp.ring()
    }

    func change(_ body: (inout Inbox) -> Void) {
        inbox.withLock { body(&$0) }
        wakeUp.ring()
    }

    func handled(_ count: Int) {
        guard count != 0 else { return }
        let left = unhandled.wrappingSubtract(count, ordering: .sequentiallyConsistent).newValue
        if left <= RouterLimits.resumeUnhandledBytes, isStalled.exchange(false, ordering: .sequentiallyConsistent) {
            wakeUp.ring()
        }
    }

    // MARK: The socket's thread

    /// Everything that was put here, with the wishes as they are now.
    func take() -> Inbox {
        inbox.withLock { inbox in
            let taken = inbox
            inbox.batches = []
            return taken
        }
    }

    func dispatched(_ count: Int) {
        unhandled.wrappingAdd(count, ordering: .relaxed)
    }

    /// Whether more may be read. Once it is too much, ``handled(_:)`` wakes the thread when little is left.
    var hasRoom: Bool {
        guard !isStalled.load(ordering: .sequentiallyConsistent) else { return false }
        guard unhandled.load(ordering: .sequentiallyConsistent) > RouterLimits.maxUnhandledBytes else { return true }
        isStalled.store(true, ordering: .sequentiallyConsistent)
        // It may have been handled in between, and nobody would say so again.
        guard unhandled.load(ordering: .sequentiallyConsistent) <= RouterLimits.resumeUnhandledBytes else {
            return false
        }
        isStalled.store(false, ordering: .sequentiallyConsistent)
        return true
    }
}
