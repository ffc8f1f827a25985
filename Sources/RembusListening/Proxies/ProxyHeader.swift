package import NIOCore

/// The header of the PROXY protocol, versions 1 and 2. With it a proxy states the client's address in front of
/// everything else (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
package enum ProxyHeader {
    package enum Outcome: Equatable {
        /// The bytes may be the beginning of a header.
        case incomplete
        /// The connection begins with something else.
        case absent
        /// A header of so many bytes. The client is nil for a connection of the proxy itself, or of a client without an
        /// address.
        case complete(length: Int, client: SocketAddress?)
        /// The bytes begin like a header but are malformed.
        case malformed(String)
    }

    private static let first = Array("PROXY ".utf8)
    private static let second: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// The longest line of version 1, including its end.
    private static let maxLine = 107
    /// The most bytes of addresses and additions in version 2, which could be 64 KiB.
    private static let maxBinary = 4096
    /// The most bytes that are needed for a decision.
    package static let maxBytes = 16 + maxBinary

    /// Parses the first bytes of a connection.
    package static func parse(_ bytes: ByteBufferView) -> Outcome {
        if begins(bytes, first) { return bytes.count < first.count ? .incomplete : line(bytes) }
        if begins(bytes, second) { return bytes.count < 16 ? .incomplete : binary(bytes) }
        return .absent
    }

    /// Whether the bytes and the mark agree in the length of the shorter one.
    private static func begins(_ bytes: ByteBufferView, _ mark: [UInt8]) -> Bool {
        zip(bytes, mark).allSatisfy { $0 == $1 }
    }

    // MARK: Version 1

    private static func line(_ bytes: ByteBufferView) -> Outcome {
        let line = bytes.prefix(maxLine)
        guard let end = line.firstIndex(of: 0x0A) else {
            return line.count < maxLine ? .incomplete : .malformed("its line is longer than \(maxLine) bytes")
        }
        let length = end - bytes.startIndex + 1
        guard length >= 2, bytes[end - 1] == 0x0D else { return .malformed("its line does not end with CR LF") }
        let words = String(decoding: bytes[bytes.startIndex..<end - 1], as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false)
        switch words.dropFirst().first {
        case "UNKNOWN"?: return .complete(length: length, client: nil)
        case "TCP4"?, "TCP6"?:
            guard words.count == 6, let client = address(words[2], words[4]), address(words[3], words[5]) != nil,
                client.protocol == (words[1] == "TCP4" ? .inet : .inet6)
            else { return .malformed("its addresses are not well formed") }
            return .complete(length: length, client: client)
        default: return .malformed("it is for neither TCP4 nor TCP6 nor UNKNOWN")
        }
    }

    private static func address(_ host: Substring, _ port: Substring) -> SocketAddress? {
        guard port.utf8.allSatisfy({ (48...57).contains($0) }), let number = UInt16(port) else { return nil }
        return try? SocketAddress(ipAddress: String(host), port: Int(number))
    }

    // MARK: Version 2

    private static func binary(_ bytes: ByteBufferView) -> Outcome {
        let start = bytes.startIndex
        let (command, family) = (bytes[start + 12], bytes[start + 13])
        let count = Int(bytes[start + 14]) << 8 | Int(bytes[start + 15])
        guard command >> 4 == 2 else { return .malformed("it is of version \(command >> 4)") }
        guard count <= maxBinary else { return .malformed("it is longer than \(maxBinary) bytes") }
        guard command & 0xF <= 1 else { return .malformed("it has the unknown command \(command & 0xF)") }
        guard bytes.count >= 16 + count else { return .incomplete }
        let length = 16 + count
        // LOCAL: the connection is the proxy's own.
        guard command & 0xF == 1 else { return .complete(length: length, client: nil) }
        let body = bytes[(start + 16)..<(start + length)]
        switch family >> 4 {
        case 1: return client(body, addressBytes: 4, length: length)
        case 2: return client(body, addressBytes: 16, length: length)
        case 0, 3: return .complete(length: length, client: nil)
        default: return .malformed("it has the unknown family of addresses \(family >> 4)")
        }
    }

    private static func client(_ body: ByteBufferView, addressBytes count: Int, length: Int) -> Outcome {
        guard body.count >= 2 * count + 4 else { return .malformed("it is too short for its addresses") }
        let start = body.startIndex
        let port = Int(body[start + 2 * count]) << 8 | Int(body[start + 2 * count + 1])
        let packed = ByteBuffer(bytes: body[start..<(start + count)])
        guard let address = try? SocketAddress(packedIPAddress: packed, port: port) else {
            return .malformed("its addresses are not well formed")
        }
        return .complete(length: length, client: address)
    }
}
