import NIOCore
import RembusTransport

/// What the socket's thread has read in one turn for one event loop.
struct IncomingBatch: Sendable {
    struct Message: Sendable {
        /// The position of the message in ``bytes``.
        var start: Int
        var length: Int
        /// A large message in a buffer of its own.
        var large: ByteBuffer?
        /// The next message of the same peer; -1 for none.
        var next = -1
    }

    /// The messages of one peer, in order. They are together, so that the peer's unit of work ends once.
    struct Run: Sendable {
        let peer: RouterPeer
        var first = -1
        var last = -1
        /// Whether no more messages come.
        var isGone = false
    }

    var bytes = ByteBuffer()
    var messages: [Message] = []
    var runs: [Run] = []
    private(set) var largeBytes = 0

    /// The size from which a message gets a buffer of its own, which the broker may keep.
    static let largeBytes = 32 << 10

    var byteCount: Int { bytes.readableBytes + largeBytes + 64 * messages.count }

    mutating func append(_ message: Message, run: Int) {
        largeBytes += message.large?.readableBytes ?? 0
        let index = messages.count
        messages.append(message)
        if runs[run].first < 0 { runs[run].first = index } else { messages[runs[run].last].next = index }
        runs[run].last = index
    }
}

/// What an event loop has sent in one unit of work.
struct OutgoingBatch: Sendable {
    /// What happens behind a message.
    enum Ending: Sendable {
        case none
        /// The peer has sent a Close message. The same connection may log in again.
        case forgotten
        /// The peer is disconnected.
        case thrownOut
    }

    struct Message: Sendable {
        let peer: RouterPeer
        /// The lengths of header and body. Without a header nothing is sent.
        var header: Int
        var body: Int
        var ending = Ending.none
    }

    var bytes = ByteBuffer()
    var messages: [Message] = []
}
