package import NIOCore

/// Whom a connection or a request is from: the peer of the socket, or whom a trusted proxy speaks for.
package struct PeerAddress: Sendable, Equatable {
    /// nil for peers without an address, such as those of a Unix socket.
    package var address: SocketAddress?
    /// Whether the peer is a trusted proxy, so that its headers say whom a request is from.
    package var isProxy: Bool

    package init(_ address: SocketAddress?, isProxy: Bool = false) {
        self.address = address
        self.isProxy = isProxy
    }

    /// This address, unless it is the one that the socket tells anyway.
    package func unlessPeer(of channel: any Channel) -> PeerAddress? {
        address == channel.remoteAddress ? nil : self
    }

    /// For log and audit: `192.0.2.7:4711`, `[2001:db8::1]:4711`; `local:0` for a peer without an address.
    package var text: String { "\(address?.ipAddress ?? "local"):\(address?.port ?? 0)" }

    /// The text of an address without its port.
    package static func host(of text: String) -> String {
        text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text
    }
}
