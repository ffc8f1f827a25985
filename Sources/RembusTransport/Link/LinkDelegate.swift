package import NIOCore

/// How a peer encodes a message, seen from the frame that carried it (protocol.md §1.1).
package enum MessageKind: Sendable {
    /// CBOR.
    case binary
    /// JSON-RPC.
    case text
}

/// Why a link ended, for the log and for the reconnect decision.
package struct LinkCloseReason: Sendable, CustomStringConvertible {
    /// The WebSocket close code: the peer's when it sent one, else ours; 1006 when the connection just broke.
    package var code: UInt16
    package var text: String
    /// True when the peer started it.
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

/// What a link tells its owner. Every call comes on the link's event loop.
package protocol LinkDelegate: AnyObject {
    /// A whole message. `bytes` are valid during the call only; `owner`, when given, is a buffer that holds exactly
    /// these bytes and may be kept.
    func link(_ link: Link, received bytes: UnsafeRawBufferPointer, kind: MessageKind, owner: ByteBuffer?)
    /// All messages of one read were handed over: the moment to flush what they caused.
    func linkReadCompleted(_ link: Link)
    /// The backlog of outgoing bytes fell under the link's low-water mark after having been above it.
    func linkDrained(_ link: Link)
    /// The last call: the connection is gone.
    func linkClosed(_ link: Link, reason: LinkCloseReason)
}
