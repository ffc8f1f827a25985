import NIOCore
import NIOSSL
import RembusListening
import TestSupport
import Testing

/// Peers that are slow, talk too much, or come from where they should not.
@Suite(.timeLimit(.minutes(5)))
struct HandshakeLimitTests {
    static let handshake =
        "GET / HTTP/1.1\r\nHost: broker.example:8338\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

    func secureServer(timeout: TimeAmount = .seconds(60)) async throws -> EchoServer {
        let folder = try TestFolder()
        try folder.write("rembus", TestAuthority().issueForLocalhost())
        return try await EchoServer.start(
            tls: TLSServerContext(TLSServerSettings(keystore: folder.path)), handshakeTimeout: timeout)
    }

    // MARK: Time

    @Test func silentPeersAreCut() async throws {
        for server in [
            try await EchoServer.start(handshakeTimeout: .milliseconds(200)),
            try await secureServer(timeout: .milliseconds(200)),
        ] {
            let peer = try await RawPeer.connect(port: server.port)
            #expect(try await peer.everything() == "")
            #expect(server.admission.refusals == [.handshakeTimeout: 1])
            #expect(await eventually { server.admission.openConnections == 0 })
        }
    }

    @Test func slowRequestsAreCutHoweverSteadily() async throws {
        let server = try await EchoServer.start(handshakeTimeout: .milliseconds(300))
        let peer = try await RawPeer.connect(port: server.port)
        for character in Self.handshake {
            await peer.send(String(character))
            try await Task.sleep(for: .milliseconds(10))
            guard peer.channel.isActive else { break }
        }
        _ = try await peer.everything()
        #expect(server.admission.refusals == [.handshakeTimeout: 1])
    }

    @Test func theDeadlineIncludesWhatComesAfterTLS() async throws {
        let server = try await secureServer(timeout: .milliseconds(400))
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let peer = try await RawPeer.connect(port: server.port, tls: NIOSSLContext(configuration: configuration))
        await peer.send("GET / HTTP/1.1\r\n")
        _ = try await peer.everything()
        #expect(server.admission.refusals == [.handshakeTimeout: 1])
    }

    @Test func halfATLSHelloIsCut() async throws {
        let server = try await secureServer(timeout: .milliseconds(200))
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send("\u{16}\u{03}\u{01}\u{02}")
        _ = try await peer.everything()
        #expect(server.admission.refusals == [.handshakeTimeout: 1])
    }

    @Test func theDeadlineEndsWithTheHandshake() async throws {
        let server = try await EchoServer.start(handshakeTimeout: .seconds(6))
        let client = try await EchoClient.connect(port: server.port)
        try await Task.sleep(for: .seconds(7))
        #expect(await client.echo([1]) == [1])
        #expect(server.admission.refusals.isEmpty)
        try await client.close()
    }

    // MARK: Bytes

    @Test func longRequestsAreRefused() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send(Self.handshake + "X: " + String(repeating: "x", count: 17 << 10))
        #expect(try await peer.everything().hasPrefix("HTTP/1.1 431"))
        #expect(server.admission.refusals == [.requestTooLong: 1])
    }

    @Test func headersOfAUsualSizeAreFine() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send(Self.handshake + "Cookie: " + String(repeating: "x", count: 8 << 10) + "\r\n\r\n")
        #expect(await eventually { server.facts.count == 1 })
        try await peer.channel.close()
    }

    @Test func manyHeadersAreRefused() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send(Self.handshake + String(repeating: "A: b\r\n", count: 500) + "\r\n")
        #expect(try await peer.everything().hasPrefix("HTTP/1.1 4"))
        #expect(server.admission.refusals == [.badRequest: 1])
    }

    @Test func floodsBehindTLSAreCut() async throws {
        let server = try await secureServer()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        let peer = try await RawPeer.connect(port: server.port, tls: NIOSSLContext(configuration: configuration))
        await peer.send("GET /" + String(repeating: "x", count: 100 << 10))
        _ = try await peer.everything()
        #expect(await eventually { !server.admission.refusals.isEmpty })
        #expect(await eventually { server.admission.openConnections == 0 })
    }

    @Test func otherRequestsGetAnAnswer() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send("GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await peer.everything().hasPrefix("HTTP/1.1 426"))
        #expect(server.admission.refusals == [.badRequest: 1])
    }

    @Test func nonsenseIsRefused() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send("\u{0}\u{1}\u{2}\r\n\r\n")
        _ = try await peer.everything()
        #expect(await eventually { server.admission.refusals == [.badRequest: 1] })
    }

    // MARK: Origins

    @Test func pagesOfOtherOriginsAreRefusedWithASentence() async throws {
        let server = try await EchoServer.start()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send(Self.handshake + "Origin: https://evil.example\r\n\r\n")
        let answer = try await peer.everything()
        #expect(answer.hasPrefix("HTTP/1.1 403"))
        #expect(answer.contains("allowed_origins"))
        #expect(server.admission.refusals == [.origin: 1])
        #expect(server.facts.isEmpty)
    }

    @Test(arguments: ["https://broker.example:8338", "https://panel.example"])
    func pagesOfTheSameHostAndListedOnesMayConnect(_ origin: String) async throws {
        let server = try await EchoServer.start(origins: OriginPolicy(allowed: ["https://panel.example"]))
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send(Self.handshake + "Origin: \(origin)\r\n\r\n")
        #expect(await eventually { server.facts.count == 1 })
        try await peer.channel.close()
    }
}
