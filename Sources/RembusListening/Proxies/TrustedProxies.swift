package import NIOCore

/// The proxies that are trusted to state a client's address. What other peers state is ignored.
package struct TrustedProxies: Hashable, Sendable {
    private let ranges: [AddressRange]
    /// Whether every peer of a Unix socket counts as a trusted proxy.
    private let trustsLocal: Bool

    /// The word that stands for the peers of Unix sockets.
    package static let local = "unix"

    /// No proxy is trusted.
    package static let none = TrustedProxies([])

    /// - Parameter texts: Addresses, networks and ``local``. Other texts are ignored, see ``isUsable(_:)``.
    package init(_ texts: [String]) {
        ranges = texts.compactMap(AddressRange.init)
        trustsLocal = texts.contains(Self.local)
    }

    package static func isUsable(_ text: String) -> Bool { text == local || AddressRange(text) != nil }

    package var isEmpty: Bool { ranges.isEmpty && !trustsLocal }

    /// Whether the peer of a connection is a trusted proxy.
    package func contains(_ peer: SocketAddress?) -> Bool {
        guard !isEmpty else { return false }
        guard let bytes = AddressBytes(peer) else { return trustsLocal }
        return contains(bytes)
    }

    func contains(_ address: AddressBytes) -> Bool { ranges.contains { $0.contains(address) } }
}
