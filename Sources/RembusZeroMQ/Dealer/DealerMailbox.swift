import NIOCore
import RembusSupport
import RembusWire
import Synchronization

/// Exchanges data between the event loop of a connection and the thread of its socket.
final class DealerMailbox: SharedBodyOwner, Sendable {
    /// What the event loop has sent in one unit of work.
    struct Batch: Sendable {
        var bytes = ByteBuffer()
        var messages: [(header: Int, body: Int)] = []
    }

    struct Inbox {
        var batches: [Batch] = []
        /// Whether the link accepts messages.
        var isReading = false
        /// Whether the connection is to end behind everything that was sent.
        var isClosing = false
        /// The name that the component pings with.
        var name: String?
    }

    let wakeUp: WakeUp
    let lowWaterMark: Int
    /// Sent bytes that were not given to libzmq, and large bodies that libzmq has not sent.
    let unsent = Atomic<Int>(0)
    /// Bytes of large bodies that libzmq holds.
    let held = Atomic<Int>(0)
    /// Whether the event loop wants to be told when few bytes are left.
    let wantsNotice = Atomic<Bool>(false)
    private let onNotice = Callback<Void>()
    private let inbox = Mutex(Inbox())
    private let unhandled = Atomic<Int>(0)

    init(lowWaterMark: Int) throws {
        wakeUp = try WakeUp()
        self.lowWaterMark = lowWaterMark
    }

    // MARK: The event loop

    func change(_ body: (inout Inbox) -> Void) {
        inbox.withLock { body(&$0) }
        wakeUp.ring()
    }

    func handled(_ count: Int) {
        let (old, new) = unhandled.wrappingSubtract(count, ordering: .sequentiallyConsistent)
        if old > DealerLimits.resumeUnhandledBytes, new <= DealerLimits.resumeUnhandledBytes { wakeUp.ring() }
    }

    /// Sets an action that is called when a large backlog has become small.
    func setNotice(_ action: (@Sendable () -> Void)?) {
        onNotice.set(action)
    }

    // MARK: The socket's thread

    func take() -> Inbox {
        inbox.withLock { inbox in
            let taken = inbox
            inbox.batches = []
            return taken
        }
    }

    func dispatched(_ count: Int) { unhandled.wrappingAdd(count, ordering: .sequentiallyConsistent) }

    var hasRoom: Bool { unhandled.load(ordering: .sequentiallyConsistent) <= DealerLimits.maxUnhandledBytes }

    /// Records that bytes were given to libzmq.
    func sent(_ count: Int) {
        let left = unsent.wrappingSubtract(count, ordering: .relaxed).newValue
        guard left <= lowWaterMark, wantsNotice.load(ordering: .acquiring),
            wantsNotice.exchange(false, ordering: .acquiringAndReleasing)
        else { return }
        onNotice()
    }

    func released(_ count: Int) {
        held.wrappingSubtract(count, ordering: .sequentiallyConsistent)
        sent(count)
        wakeUp.ring()
    }
}
