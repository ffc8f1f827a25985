import NIOCore
import Synchronization

/// Exchanges data between event loops and the socket's thread.
final class RouterMailbox: Sendable {
    struct Inbox {
        var batches: [OutgoingBatch] = []
        /// Whether new peers are accepted.
        var isAccepting = true
        /// Whether messages are read.
        var isReading = true
        /// Set when the socket is to be closed.
        var onEnd: (@Sendable () -> Void)?
    }

    let wakeUp: WakeUp
    private let inbox = Mutex(Inbox())
    /// Bytes that were read and not handled yet.
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

    /// Takes everything in the mailbox, with the current wishes.
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

    /// Whether more may be read. If not, ``handled(_:)`` wakes the thread when few bytes are left.
    var hasRoom: Bool {
        guard !isStalled.load(ordering: .sequentiallyConsistent) else { return false }
        guard unhandled.load(ordering: .sequentiallyConsistent) > RouterLimits.maxUnhandledBytes else { return true }
        isStalled.store(true, ordering: .sequentiallyConsistent)
        // The bytes may have been handled meanwhile, and then nothing would wake the thread.
        guard unhandled.load(ordering: .sequentiallyConsistent) <= RouterLimits.resumeUnhandledBytes else {
            return false
        }
        isStalled.store(false, ordering: .sequentiallyConsistent)
        return true
    }
}
