package import NIOCore

/// Limits and intervals of a link.
package struct LinkConfiguration: Sendable {
    /// How messages are cut out of the bytes of a connection.
    package enum Framing: Sendable {
        /// WebSocket messages (RFC 6455).
        case webSocket
        /// Length-framed CBOR (protocol.md §11).
        case lengthPrefixed
    }

    /// How messages are framed. Listeners and dialers set it.
    package var framing = Framing.webSocket
    /// Largest message accepted, bytes; a larger one closes the link with code 1009 (protocol.md §1.1).
    package var maxMessageBytes: Int
    /// Interval of our own pings; two unanswered in a row mean the peer is dead. nil sends none.
    package var pingInterval: TimeAmount?
    /// How long a peer may take from the TCP accept to the end of the WebSocket handshake.
    package var handshakeTimeout: TimeAmount
    /// How long we wait for the peer's half of the close handshake.
    package var closeTimeout: TimeAmount
    /// Outgoing bytes above which `Link.isCongested` is true.
    package var highWaterMark: Int
    /// Outgoing bytes under which a congested link tells its delegate that it drained.
    package var lowWaterMark: Int
    /// Outgoing bytes above which nothing more is read from the peer until it has taken what is queued, so that answers
    /// and pongs which nobody reads do not pile up.
    package var maxUnreadBytes: Int
    /// Bytes that all links of one event loop together hold of messages that have not arrived completely; above it the
    /// link with the largest of them is closed with code 1013 (try again later). Never less than ``maxMessageBytes``.
    package var maxAssemblyBytes: Int
    /// Whether the owner of a dialed link says nothing before the peer has. Where a listener learns of a connection by its
    /// first message, the dialer says hello then.
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
