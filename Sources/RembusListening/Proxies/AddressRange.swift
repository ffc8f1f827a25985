import NIOCore

/// An address or a network: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`.
package struct AddressRange: Hashable, Sendable {
    private let bytes: [UInt8]
    /// The number of leading bits that are compared.
    private let length: Int

    /// nil for a text that is neither. Bits behind the length are ignored.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = AddressBytes(text: parts[0]) else { return nil }
        var length = bytes.values.count * 8
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
                let given = Int(parts[1]), given <= length
            else { return nil }
            length = given
        }
        self.bytes = bytes.values
        self.length = length
    }

    func contains(_ address: AddressBytes) -> Bool {
        guard address.values.count == bytes.count else { return false }
        let whole = length / 8
        guard address.values[..<whole] == bytes[..<whole] else { return false }
        let rest = length % 8
        guard rest > 0 else { return true }
        let mask = UInt8.max << (8 - rest)
        return address.values[whole] & mask == bytes[whole] & mask
    }
}

/// The 4 or 16 bytes of an address. An IPv4 address in IPv6 form (`::ffff:192.0.2.7`) has 4.
struct AddressBytes: Hashable, Sendable {
    let values: [UInt8]

    init(_ values: [UInt8]) {
        let isMapped =
            values.count == 16 && values[..<10].allSatisfy { $0 == 0 } && values[10] == 0xFF && values[11] == 0xFF
        self.values = isMapped ? Array(values[12...]) : values
    }

    /// nil for peers without an address, such as those of a Unix socket.
    init?(_ address: SocketAddress?) {
        // The offsets of the address in `sockaddr_in` and `sockaddr_in6`, which are the same on every system.
        switch address {
        case .v4(let address): self.init(withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address): self.init(withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        default: return nil
        }
    }

    /// The bytes of an address without a port.
    init?(text: some StringProtocol) {
        guard let address = try? SocketAddress(ipAddress: String(text), port: 0) else { return nil }
        self.init(address)
    }
}
