import CZeroMQ
import NIOCore
import RembusListening
import Synchronization

/// One connection of the ROUTER socket, which its broker session sees as a link.
///
/// Two threads work on it: the socket's, on ``socketSide``, and an event loop, on ``loopSide``; hence unchecked. What they
/// share is atomic.
final class RouterPeer: SharedBodyOwner, @unchecked Sendable {
    /// What the socket's thread knows.
    struct SocketSide {
        struct Waiting {
            var bytes: ByteBuffer
            var header: Int
            var ending: OutgoingBatch.Ending
        }

        /// The descriptor of its TCP connection.
        let descriptor: Int32
        /// libzmq's own note about the connection, which this message keeps alive: no other has it at the same address.
        let token: ConnectionToken
        let ticket: ConnectionAdmission.Ticket?
        /// What libzmq did not take yet.
        var waiting = CircularBuffer<Waiting>()
        var isListedAsBlocked = false
        /// Its connection is gone; what it sent may still be to be read.
        var isLeaving = false
        /// Until when nothing is taken from it; nil for a peer in use.
        var closedUntil: NIODeadline?
        var isForgotten = false
        /// Its place in the batch that is being collected, and which batch that is.
        var run = 0
        var turn: UInt64 = 0
    }

    let routingID: [UInt8]
    let address: String
    let lane: RouterLane
    /// Bytes sent by the session that have not left for libzmq, or are large and were not sent by it.
    let unsent = Atomic<Int>(0)
    /// Bytes of large bodies that libzmq holds.
    let held = Atomic<Int>(0)
    /// Whether the event loop wants to know when little is left.
    let wantsNotice = Atomic<Bool>(false)
    /// Whether the socket's thread waits for ``held`` to shrink.
    let isBlocked = Atomic<Bool>(false)
    @exclusivity(unchecked) var socketSide: SocketSide
    @exclusivity(unchecked) var loopSide = LoopSide()

    init(routingID: [UInt8], address: String, lane: RouterLane, socketSide: SocketSide) {
        self.routingID = routingID
        self.address = address
        self.lane = lane
        self.socketSide = socketSide
    }

    /// Notes that bytes have left.
    func sent(_ count: Int) {
        let left = unsent.wrappingSubtract(count, ordering: .relaxed).newValue
        guard left <= lane.lowWaterMark, wantsNotice.load(ordering: .acquiring),
            wantsNotice.exchange(false, ordering: .acquiringAndReleasing)
        else { return }
        lane.eventLoop.execute { self.reportBacklog() }
    }

    /// libzmq is done with a large body.
    func released(_ count: Int) {
        held.wrappingSubtract(count, ordering: .sequentiallyConsistent)
        sent(count)
        if isBlocked.load(ordering: .sequentiallyConsistent) { lane.mailbox.wakeUp.ring() }
    }
}

/// Tells connections of the same routing id apart.
final class ConnectionToken {
    private let message: UnsafeMutablePointer<zmq_msg_t>
    let mark: UnsafePointer<CChar>?

    init(_ part: UnsafeMutablePointer<zmq_msg_t>) {
        message = .allocate(capacity: 1)
        zmq_msg_init(message)
        zmq_msg_copy(message, part)
        mark = Self.mark(of: part)
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    /// The address of a property that all messages of a connection share.
    static func mark(of part: UnsafeMutablePointer<zmq_msg_t>) -> UnsafePointer<CChar>? {
        zmq_msg_gets(part, "Peer-Address")
    }

    /// The peer's IP address.
    static func address(of part: UnsafeMutablePointer<zmq_msg_t>) -> String {
        guard let address = property("Peer-Address", of: part) else { return "unknown" }
        // A socket for both kinds shows IPv4 peers so.
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }

    static func property(_ name: String, of part: UnsafeMutablePointer<zmq_msg_t>) -> String? {
        zmq_msg_gets(part, name).map { String(cString: $0) }
    }
}
