import CZeroMQ
import NIOCore
import RembusListening
import Synchronization

/// One connection of the ROUTER socket, which its broker session sees as a link.
///
/// Two threads use it: the socket's thread ``socketSide``, and an event loop ``loopSide``; hence unchecked. What they
/// share is atomic.
final class RouterPeer: SharedBodyOwner, @unchecked Sendable {
    /// The state of the socket's thread.
    struct SocketSide {
        struct Waiting {
            var bytes: ByteBuffer
            var header: Int
            var ending: OutgoingBatch.Ending
        }

        /// The descriptor of its TCP connection.
        let descriptor: Int32
        /// libzmq's own record of the connection. Keeping this message keeps the record, so that no other connection
        /// has the same address.
        let token: ConnectionToken
        let ticket: ConnectionAdmission.Ticket?
        /// Messages that libzmq has not accepted yet.
        var waiting = CircularBuffer<Waiting>()
        var isListedAsBlocked = false
        /// Whether the connection is gone, but messages of it may still have to be read.
        var isLeaving = false
        /// Until when messages of the peer are ignored; nil for a peer in use.
        var closedUntil: NIODeadline?
        var isForgotten = false
        /// The index of the peer's run in the current batch, and the turn of that batch.
        var run = 0
        var turn: UInt64 = 0
    }

    let routingID: [UInt8]
    let address: String
    let lane: RouterLane
    /// Sent bytes that were not given to libzmq, and large bodies that libzmq has not sent.
    let unsent = Atomic<Int>(0)
    /// Bytes of large bodies that libzmq holds.
    let held = Atomic<Int>(0)
    /// Whether the event loop wants to be told when few bytes are left.
    let wantsNotice = Atomic<Bool>(false)
    /// Whether the socket's thread waits for ``held`` to become smaller.
    let isBlocked = Atomic<Bool>(false)
    @exclusivity(unchecked) var socketSide: SocketSide
    @exclusivity(unchecked) var loopSide = LoopSide()

    init(routingID: [UInt8], address: String, lane: RouterLane, socketSide: SocketSide) {
        self.routingID = routingID
        self.address = address
        self.lane = lane
        self.socketSide = socketSide
    }

    /// Records that bytes were given to libzmq.
    func sent(_ count: Int) {
        let left = unsent.wrappingSubtract(count, ordering: .relaxed).newValue
        guard left <= lane.lowWaterMark, wantsNotice.load(ordering: .acquiring),
            wantsNotice.exchange(false, ordering: .acquiringAndReleasing)
        else { return }
        lane.eventLoop.execute { self.reportBacklog() }
    }

    /// libzmq has released a large body.
    func released(_ count: Int) {
        held.wrappingSubtract(count, ordering: .sequentiallyConsistent)
        sent(count)
        if isBlocked.load(ordering: .sequentiallyConsistent) { lane.mailbox.wakeUp.ring() }
    }
}

/// Distinguishes connections with the same routing id.
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
        // The form of IPv4 addresses at a socket for both kinds.
        let mapped = "::ffff:"
        return address.hasPrefix(mapped) && address.contains(".") ? String(address.dropFirst(mapped.count)) : address
    }

    static func property(_ name: String, of part: UnsafeMutablePointer<zmq_msg_t>) -> String? {
        zmq_msg_gets(part, name).map { String(cString: $0) }
    }
}
