package import NIOCore

/// The address that a connection or a request is from: that of the socket's peer, or that of the client behind a
/// trusted proxy.
package struct PeerAddress: Sendable, Equatable {
    /// nil for peers without an address, such as those of a Unix socket.
    package var address: SocketAddress?
    /// Whether the peer is a trusted proxy, whose headers state the client of a request.
    package var isProxy: Bool

    package init(_ address: SocketAddress?, isProxy: Bool = false) {
        self.address = address
        self.isProxy = isProxy
    }

    /// This address, or nil if it is that of the socket's peer.
    package func unlessPeer(of channel: any Channel) -> PeerAddress? {
        address == channel.remoteAddress ? nil : self
    }

    /// The address for log and audit log: `192.0.2.7:4711`, `[2001:db8::1]:4711`; `local:0` for a peer without an
    /// address.
    package var text: String { "\(address?.ipAddress ?? "local"):\(address?.port ?? 0)" }

    /// The address in a text, without its port.
    package static func host(of text: String) -> String {
        text.lastIndex(of: ":").map { String(text[..<$0]) } ?? text
    }
}
