import NIOCore
import RembusSupport
import RembusWire
import Synchronization

/// Where the event loop of a connection and its socket's thread meet.
final class DealerMailbox: SharedBodyOwner, Sendable {
    /// What one unit of work of the event loop sends.
    struct Batch: Sendable {
        var bytes = ByteBuffer()
        var messages: [(header: Int, body: Int)] = []
    }

    struct Inbox {
        var batches: [Batch] = []
        /// Whether the link takes messages.
        var isReading = false
        /// Whether the connection is to end, behind what was sent.
        var isClosing = false
        /// Under which name the component pings.
        var name: String?
    }

    let wakeUp: WakeUp
    let lowWaterMark: Int
    /// Bytes sent that have not left for libzmq, or are large and were not sent by it.
    let unsent = Atomic<Int>(0)
    /// Bytes of large bodies that libzmq holds.
    let held = Atomic<Int>(0)
    /// Whether the event loop wants to know when little is left.
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

    /// Has `action` called when a large backlog has become small.
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

    /// Notes that bytes have left.
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
