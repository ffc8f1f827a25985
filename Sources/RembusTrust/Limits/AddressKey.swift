#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What stands for the machine, or the network of machines, behind an address: an IPv4 address, or the first 64 bits of
/// an IPv6 one, of which a single machine has the rest to choose from.
struct AddressKey: Hashable, Sendable {
    private let bytes: [UInt8]

    /// - Parameter address: As text, with or without a port.
    init(_ address: String) {
        let host = Self.host(address)
        var v4 = in_addr()
        if inet_pton(AF_INET, host, &v4) == 1 {
            bytes = withUnsafeBytes(of: &v4) { Array($0) }
            return
        }
        var v6 = in6_addr()
        if inet_pton(AF_INET6, host, &v6) == 1 {
            let all = withUnsafeBytes(of: &v6) { Array($0) }
            let isMapped = all.prefix(10).allSatisfy { $0 == 0 } && all[10] == 0xFF && all[11] == 0xFF
            bytes = isMapped ? Array(all.suffix(4)) : Array(all.prefix(8))
            return
        }
        // No address: a socket's path, or nothing. One letter in front, so that it is never taken for one.
        bytes = Array("?\(host)".utf8.prefix(64))
    }

    /// Without port, brackets and zone.
    private static func host(_ address: String) -> String {
        var host = address[...]
        if host.first == "[", let end = host.firstIndex(of: "]") {
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        if let zone = host.firstIndex(of: "%") { host = host[..<zone] }
        return String(host)
    }
}
