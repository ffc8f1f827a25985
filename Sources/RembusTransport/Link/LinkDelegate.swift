package import NIOCore

/// The encoding of a message, according to the frame that carried it (protocol.md §1.1).
package enum MessageKind: Sendable {
    /// CBOR.
    case binary
    /// JSON-RPC.
    case text
}

/// Why a link has ended, for the log and the decision to reconnect.
package struct LinkCloseReason: Sendable, CustomStringConvertible {
    /// The WebSocket close code: the peer's if it has sent one, otherwise ours; 1006 when the connection broke.
    package var code: UInt16
    package var text: String
    /// Whether the peer ended the link.
    package var isRemote: Bool

    package init(code: UInt16, text: String, isRemote: Bool) {
        self.code = code
        self.text = text
        self.isRemote = isRemote
    }

    package var description: String {
        "\(isRemote ? "closed by peer" : "closed") with code \(code)\(text.isEmpty ? "" : " (\(text))")"
    }

    package static let broken = LinkCloseReason(code: 1006, text: "connection lost", isRemote: true)
}

/// Receives the events of a link. Every method is called on the link's event loop.
package protocol LinkDelegate: AnyObject {
    /// Called with a complete message. `bytes` are valid during the call only. `owner`, if given, is a buffer with
    /// exactly these bytes, which may be kept.
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?)
    /// Called when all messages of one read were handled. Their results should be flushed now.
    func linkReadCompleted(_ link: Link)
    /// Called when the output of a congested link has fallen below its low-water mark.
    func linkDrained(_ link: Link)
    /// The last call: the connection has ended.
    func linkClosed(_ link: Link, reason: LinkCloseReason)
}
