package import NIOCore

/// Limits and intervals of a link.
package struct LinkConfiguration: Sendable {
    /// How messages are separated in the bytes of a connection.
    package enum Framing: Sendable {
        /// WebSocket messages (RFC 6455).
        case webSocket
        /// Length-framed CBOR (protocol.md §11).
        case lengthPrefixed
    }

    /// The framing. Listeners and dialers set it.
    package var framing = Framing.webSocket
    /// The largest message that is accepted, in bytes. A larger one closes the link with code 1009 (protocol.md §1.1).
    package var maxMessageBytes: Int
    /// The interval of pings. Two unanswered ones in a row mean that the peer is gone. nil for no pings.
    package var pingInterval: TimeAmount?
    /// How long a peer may take from the start of the TCP connection to the end of the WebSocket handshake.
    package var handshakeTimeout: TimeAmount
    /// How long to wait for the peer's answer to a close.
    package var closeTimeout: TimeAmount
    /// The bytes of output above which `Link.isCongested` is true.
    package var highWaterMark: Int
    /// The bytes of output below which the delegate of a congested link is told that it has drained.
    package var lowWaterMark: Int
    /// The bytes of output above which nothing more is read from the peer until it has read what is queued, so that
    /// unread answers and pongs do not pile up.
    package var maxUnreadBytes: Int
    /// The most bytes of incomplete messages on all links of one event loop together. Above it, the link with the
    /// largest one is closed with code 1013 (try again later). Never less than ``maxMessageBytes``.
    package var maxAssemblyBytes: Int
    /// Whether the owner of a dialed link sends nothing before the peer has. Where a listener notices a connection by
    /// its first message, the dialer sends one by itself then.
    package var waitsForPeer = false

    package init(
        maxMessageBytes: Int = 62_914_560,
        pingInterval: TimeAmount? = .seconds(30),
        handshakeTimeout: TimeAmount = .seconds(10),
        closeTimeout: TimeAmount = .seconds(2),
        highWaterMark: Int = 8 << 20,
        lowWaterMark: Int = 2 << 20,
        maxUnreadBytes: Int = 16 << 20,
        maxAssemblyBytes: Int = 512 << 20
    ) {
        self.maxMessageBytes = maxMessageBytes
        self.pingInterval = pingInterval
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.highWaterMark = highWaterMark
        self.lowWaterMark = lowWaterMark
        self.maxUnreadBytes = maxUnreadBytes
        self.maxAssemblyBytes = maxAssemblyBytes
    }
}
