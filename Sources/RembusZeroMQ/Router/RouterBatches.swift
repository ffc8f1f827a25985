import NIOCore
import RembusTransport

/// What one turn of the socket's thread has read for one event loop.
struct IncomingBatch: Sendable {
    struct Message: Sendable {
        /// Where the message lies in ``bytes``.
        var start: Int
        var length: Int
        /// A large message by itself, in place of bytes.
        var large: ByteBuffer?
        /// The next message of the same peer; -1 for none.
        var next = -1
    }

    /// What came from one peer, in order; together, so that the peer's unit of work ends once.
    struct Run: Sendable {
        let peer: RouterPeer
        var first = -1
        var last = -1
        /// Nothing comes any more.
        var isGone = false
    }

    var bytes = ByteBuffer()
    var messages: [Message] = []
    var runs: [Run] = []
    private(set) var largeBytes = 0

    /// Messages from this size on get memory of their own, which the broker may keep.
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

/// What one unit of work of an event loop sends.
struct OutgoingBatch: Sendable {
    /// What follows behind a message.
    enum Ending: Sendable {
        case none
        /// The peer said goodbye: it may come again as somebody else at once.
        case forgotten
        /// The peer was thrown out.
        case thrownOut
    }

    struct Message: Sendable {
        let peer: RouterPeer
        /// Lengths of header and body; without a header nothing is sent.
        var header: Int
        var body: Int
        var ending = Ending.none
    }

    var bytes = ByteBuffer()
    var messages: [Message] = []
}
