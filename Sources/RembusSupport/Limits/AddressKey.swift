package import NIOCore

/// An address as limits count it: an IPv4 address, or the /64 network of an IPv6 address, which is what one subscriber
/// gets (RFC 6177).
package struct AddressKey: Hashable, Sendable {
    /// False for IPv4, so that addresses of the two kinds are never equal.
    private let isNetwork: Bool
    private let bits: UInt64

    /// nil for peers without an address, such as those of a Unix socket.
    package init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let address):
            // The offsets of the address in `sockaddr_in` and `sockaddr_in6` are the same on every system, but the
            // modules of these types differ.
            self.init(ipv4: withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address):
            self.init(ipv6: withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        default: return nil
        }
    }

    /// The key of an address in text form, with or without port, brackets and zone; nil for other texts, such as the
    /// path of a socket.
    package init?(text: String) {
        var host = text[...]
        if host.first == "[", let end = host.firstIndex(of: "]") {
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        if let zone = host.firstIndex(of: "%") { host = host[..<zone] }
        self.init(try? SocketAddress(ipAddress: String(host), port: 0))
    }

    private init(ipv4 bytes: [UInt8]) {
        isNetwork = false
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private init(ipv6 bytes: [UInt8]) {
        // A socket for both kinds shows an IPv4 peer as ::ffff:a.b.c.d.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            self.init(ipv4: Array(bytes[12...]))
            return
        }
        self.init(network: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) })
    }

    private init(network: UInt64) {
        isNetwork = true
        bits = network
    }
}
