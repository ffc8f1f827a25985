import NIOCore
import NIOPosix
import RembusListening
import RembusTransport
import TestSupport
import Testing

/// `tcp` and `tls` connections.
@Suite(.timeLimit(.minutes(5)))
struct TCPTests {
    let authority: TestAuthority
    let folder: TestFolder

    init() throws {
        authority = try TestAuthority()
        folder = try TestFolder()
        try folder.write("ca.crt", authority.pem)
        try folder.write("rembus", authority.issueForLocalhost())
    }

    var trusting: TLSClientSettings { TLSClientSettings(authorities: "\(folder.path)/ca.crt") }

    func secureServer(
        timeout: TimeAmount = .seconds(60), clients: TLSServerSettings.ClientCertificates = .none
    ) async throws -> EchoServer {
        try await EchoServer.startTCP(
            tls: TLSServerContext(
                TLSServerSettings(
                    keystore: folder.path, clientAuthorities: "\(folder.path)/ca.crt", clientCertificates: clients)),
            handshakeTimeout: timeout)
    }

    @Test func messagesPassOverTCP() async throws {
        let server = try await EchoServer.startTCP()
        let client = try await EchoClient.connectTCP(port: server.port)
        for size in [0, 1, 255, 256, 65_535, 65_536, 5 << 20] {
            let message = [UInt8](repeating: 9, count: size)
            #expect(await client.echo(message) == message)
        }
        #expect(server.facts == [ConnectionFacts(.tcp)])
        try await client.close()
        #expect(await eventually { server.admission.openConnections == 0 })
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func messagesPassOverTLS(_ host: String) async throws {
        let server = try await secureServer()
        let client = try await EchoClient.connectTCP(host: host, port: server.port, tls: trusting)
        let large = [UInt8](repeating: 9, count: 5 << 20)
        #expect(await client.echo(large) == large)
        #expect(server.facts == [ConnectionFacts(.tls, isSecure: true)])
        try await client.close()
    }

    @Test func clientCertificatesNameTheComponent() async throws {
        let server = try await secureServer(clients: .required)
        try folder.write("pump7", authority.issue(commonNames: ["pump7"]))
        var settings = trusting
        settings.certificateFile = "\(folder.path)/pump7.crt"
        settings.keyFile = "\(folder.path)/pump7.key"
        let client = try await EchoClient.connectTCP(port: server.port, tls: settings)
        #expect(await client.echo([1]) == [1])
        #expect(server.facts.map(\.transport) == [.tls] && server.facts.map(\.certificate?.name) == ["pump7"])
        try await client.close()
    }

    @Test func otherAuthoritiesAndHostsAreRefused() async throws {
        try folder.write("other.crt", TestAuthority("Other").pem)
        let server = try await secureServer()
        var settings = TLSClientSettings(authorities: "\(folder.path)/other.crt")
        var error = await #expect(throws: ConnectFailure.self) {
            try await EchoClient.connectTCP(port: server.port, tls: settings)
        }
        #expect(error?.description.contains("not trusted") == true)
        settings = trusting
        settings.serverName = "elsewhere.example"
        error = await #expect(throws: ConnectFailure.self) {
            try await EchoClient.connectTCP(port: server.port, tls: settings)
        }
        #expect(error?.description.contains("the certificate is for localhost") == true)
        #expect(await eventually { server.admission.openConnections == 0 })
    }

    @Test func otherHeadersEndTheConnection() async throws {
        let server = try await EchoServer.startTCP()
        let peer = try await RawPeer.connect(port: server.port)
        await peer.send("GET / HTTP/1.1\r\n\r\n")
        #expect(try await peer.everything() == "")
        #expect(await eventually { server.admission.openConnections == 0 })
    }

    @Test func silentPeersDoNotGetThroughTLS() async throws {
        let server = try await secureServer(timeout: .milliseconds(200))
        let peer = try await RawPeer.connect(port: server.port)
        _ = try await peer.everything()
        #expect(server.admission.refusals == [.handshakeTimeout: 1])
        #expect(server.facts.isEmpty)
    }

    @Test func closingSendsWhatWasSentBefore() async throws {
        let server = try await EchoServer.startTCP()
        let client = try await EchoClient.connectTCP(port: server.port)
        client.send([1, 2, 3], thenClose: true)
        try await client.channel.closeFuture.get()
        #expect(await eventually { server.admission.openConnections == 0 })
    }
}

@Suite(.timeLimit(.minutes(5)))
struct SelfConnectionTests {
    @Test func aConnectionToItselfIsNone() async throws {
        let port = try freePort()
        let bootstrap = try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(to: SocketAddress(ipAddress: "127.0.0.1", port: port))
        let failure = await #expect(throws: ConnectFailure.self) {
            try await bootstrap.connectElsewhere(host: "127.0.0.1", port: port)
        }
        #expect(failure?.kind == .refused)
        // The port is free for who listens.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: port).get()
        try await listener.close()
    }
}
