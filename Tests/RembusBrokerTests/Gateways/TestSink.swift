import NIOCore
import RembusTransport
import RembusWire

/// Keeps what a gateway session is sent.
final class TestSink: LinkSink {
    private(set) var messages: [Message] = []
    private(set) var flushes = 0
    private(set) var isReading = true
    private(set) var closeReason: LinkCloseReason?

    func link(_ link: Link, sends message: UnsafeRawBufferPointer) {
        if let message = try? Message(cbor: ByteBuffer(bytes: message)) { messages.append(message) }
    }

    func linkFlushes(_ link: Link) { flushes += 1 }

    func link(_ link: Link, reads isReading: Bool) { self.isReading = isReading }

    func link(_ link: Link, closes reason: LinkCloseReason) { closeReason = reason }

    /// The topics of the publications that arrived.
    var topics: [String] {
        messages.compactMap { message in
            guard case .publish(let publish) = message else { return nil }
            return publish.topic
        }
    }
}
