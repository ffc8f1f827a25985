import NIOCore
import NIOHTTP1
@testable import RembusListening
import Testing

@Suite("Trusted proxies")
struct TrustedProxiesTests {
    private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 1) }

    @Test(
        "An address is in a network when its leading bits are the network's",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.128/25", "192.0.2.129", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
            ("2001:db8::/33", "2001:db8:7fff::1", true), ("2001:db8::/33", "2001:db8:8000::1", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true), ("::ffff:10.0.0.1", "10.0.0.1", true),
        ])
    func networks(_ range: String, _ peer: String, _ isInside: Bool) throws {
        #expect(TrustedProxies([range]).contains(try address(peer)) == isInside)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "300.1.1.1",
        ])
    func unusable(_ text: String) {
        #expect(!TrustedProxies.isUsable(text))
    }

    @Test("Peers of Unix sockets are trusted by the word unix alone")
    func unixPeers() throws {
        #expect(TrustedProxies(["unix"]).contains(nil))
        #expect(!TrustedProxies(["0.0.0.0/0", "::/0"]).contains(nil))
        #expect(!TrustedProxies(["unix"]).contains(try address("127.0.0.1")))
    }
}

@Suite("X-Forwarded-For and Forwarded")
struct ForwardedForTests {
    private static let proxies = TrustedProxies(["127.0.0.1", "10.0.0.0/8"])

    private func client(_ headers: HTTPHeaders) -> String? {
        guard case .client(let address) = ForwardedFor.verdict(headers, Self.proxies) else { return nil }
        return address.ipAddress
    }

    @Test(
        "The last address that is no proxy counts, and nothing before it",
        arguments: [
            (["203.0.113.9"], "203.0.113.9"), (["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
            (["203.0.113.9, 10.1.2.3"], "203.0.113.9"),
            (["1.2.3.4", "203.0.113.9", "10.0.0.1, 10.0.0.2"], "203.0.113.9"),
            (["10.0.0.1, 10.0.0.2"], "10.0.0.1"), (["nonsense, 203.0.113.9"], "203.0.113.9"),
            (["unknown, 10.0.0.2"], "10.0.0.2"), (["203.0.113.9:4711"], "203.0.113.9"),
            (["2001:db8::1"], "2001:db8::1"),
            (["[2001:db8::1]:4711"], "2001:db8::1"), ([" 203.0.113.9\t"], "203.0.113.9"),
        ])
    func chains(_ lines: [String], _ expected: String) {
        #expect(client(HTTPHeaders(lines.map { ("X-Forwarded-For", $0) })) == expected)
    }

    @Test("Forwarded says the same in its own words")
    func standardHeader() {
        #expect(client(["Forwarded": "for=203.0.113.9;proto=https, For=\"10.1.1.1:80\""]) == "203.0.113.9")
        #expect(client(["Forwarded": "proto=https;for=\"[2001:db8::1]:4711\""]) == "2001:db8::1")
    }

    @Test("Without a header the request is the proxy's own")
    func absent() {
        #expect(ForwardedFor.verdict([:], Self.proxies) == .absent)
        #expect(ForwardedFor.verdict(["X-Forwarded-For": " , "], Self.proxies) == .absent)
    }

    @Test("A client cannot name itself in the header that its proxy does not set")
    func contradiction() {
        let headers: HTTPHeaders = ["X-Forwarded-For": "203.0.113.9", "Forwarded": "for=1.2.3.4"]
        guard case .unusable = ForwardedFor.verdict(headers, Self.proxies) else {
            Issue.record("a contradiction was believed")
            return
        }
        #expect(client(["X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"]) == "203.0.113.9")
    }

    @Test(
        "What the proxy itself has written must be an address",
        arguments: ["_hidden", "a.b.c", "203.0.113.9:x", "[::1"])
    func unusable(_ last: String) {
        guard case .unusable = ForwardedFor.verdict(["X-Forwarded-For": "1.2.3.4, \(last)"], Self.proxies) else {
            Issue.record("\(last) was believed")
            return
        }
    }
}

@Suite("Header of the PROXY protocol")
struct ProxyHeaderTests {
    private func parse(_ bytes: [UInt8]) -> ProxyHeader.Outcome {
        ProxyHeader.parse(ByteBuffer(bytes: bytes).readableBytesView)
    }

    private func line(_ text: String) -> ProxyHeader.Outcome { parse(Array(text.utf8)) }

    private static let mark: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8], claimed: Int? = nil) -> [UInt8] {
        let count = claimed ?? body.count
        return Self.mark + [command, family, UInt8(count >> 8), UInt8(count & 0xFF)] + body
    }

    @Test("Version 1 is a line; what is behind it is not touched")
    func firstVersion() throws {
        let text = "PROXY TCP4 203.0.113.9 10.0.0.1 4711 8338\r\n"
        let client = try SocketAddress(ipAddress: "203.0.113.9", port: 4711)
        #expect(line(text + "GET /") == .complete(length: text.utf8.count, client: client))
        let six = "PROXY TCP6 2001:db8::1 ::1 4711 8338\r\n"
        let other = try SocketAddress(ipAddress: "2001:db8::1", port: 4711)
        #expect(line(six) == .complete(length: six.utf8.count, client: other))
        #expect(line("PROXY UNKNOWN\r\n") == .complete(length: 15, client: nil))
        #expect(line("PROXY UNKNOWN ffff::1 x\r\n") == .complete(length: 25, client: nil))
    }

    @Test("Every prefix of a header is one that is not complete")
    func prefixes() throws {
        let first = Array("PROXY TCP4 203.0.113.9 10.0.0.1 4711 8338\r\n".utf8)
        let second = binary(0x21, 0x11, [203, 0, 113, 9, 10, 0, 0, 1, 0x12, 0x67, 0x20, 0x92])
        for header in [first, second] {
            for count in 1..<header.count { #expect(parse(Array(header[..<count])) == .incomplete) }
        }
        let client = try SocketAddress(ipAddress: "203.0.113.9", port: 0x1267)
        #expect(parse(second + [1, 2, 3]) == .complete(length: second.count, client: client))
    }

    @Test(
        "What begins otherwise is no header", arguments: ["GET / HTTP/1.1", "POST /", "PROPFIND /", "\u{10}", "\r\nG"])
    func others(_ text: String) {
        #expect(line(text) == .absent)
    }

    @Test(
        "A malformed line is refused",
        arguments: [
            "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
            "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", "PROXY TCP4 " + String(repeating: "1", count: 200),
        ])
    func malformedLines(_ text: String) {
        guard case .malformed = line(text) else {
            Issue.record("\(text) was taken")
            return
        }
    }

    @Test("A malformed binary header is refused, one of the proxy's own has no client")
    func secondVersion() {
        let addresses: [UInt8] = [203, 0, 113, 9, 10, 0, 0, 1, 0, 1, 0, 2]
        let refused = [
            binary(0x31, 0x11, addresses), binary(0x22, 0x11, addresses), binary(0x21, 0x41, addresses),
            binary(0x21, 0x11, Array(addresses.dropLast())), binary(0x21, 0x21, addresses),
            binary(0x21, 0x11, [], claimed: 0xFFFF),
        ]
        for header in refused {
            guard case .malformed = parse(header) else {
                Issue.record("\(header) was taken")
                continue
            }
        }
        #expect(parse(binary(0x20, 0x00, [])) == .complete(length: 16, client: nil))
        #expect(parse(binary(0x21, 0x00, [1, 2, 3])) == .complete(length: 19, client: nil))
        #expect(parse(binary(0x21, 0x31, Array(repeating: 0, count: 216))) == .complete(length: 232, client: nil))
        // What a proxy adds behind the addresses is passed over.
        guard case .complete(31, .some) = parse(binary(0x21, 0x11, addresses + [4, 0, 0])) else {
            Issue.record("additions were not passed over")
            return
        }
    }
}
