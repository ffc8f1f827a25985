import Foundation
import NIOCore
import NIOSSL
import RembusListening
import RembusTransport
import TestSupport
import Testing

/// `wss`: who gets a connection, and what is said to those who do not.
@Suite(.timeLimit(.minutes(5)))
struct TLSHandshakeTests {
    let authority: TestAuthority
    let folder: TestFolder

    init() throws {
        authority = try TestAuthority()
        folder = try TestFolder()
        try folder.write("ca.crt", authority.pem)
        try folder.write("rembus", authority.issueForLocalhost())
    }

    var trusting: TLSClientSettings { TLSClientSettings(authorities: "\(folder.path)/ca.crt") }

    func server(
        _ mode: TLSServerSettings.ClientCertificates = .none, clientAuthorities: String? = nil
    ) async throws -> EchoServer {
        let settings = TLSServerSettings(
            keystore: folder.path, clientAuthorities: clientAuthorities, clientCertificates: mode)
        return try await EchoServer.start(tls: TLSServerContext(settings))
    }

    /// What a dialer says when it gets no connection.
    func failure(
        _ server: EchoServer, _ settings: TLSClientSettings, host: String = "127.0.0.1"
    ) async -> String {
        let error = await #expect(throws: ConnectFailure.self) {
            try await EchoClient.connect(host: host, port: server.port, tls: settings)
        }
        return error?.description ?? ""
    }

    @Test(arguments: ["127.0.0.1", "localhost"])
    func messagesPassEncrypted(_ host: String) async throws {
        let server = try await server()
        let client = try await EchoClient.connect(host: host, port: server.port, tls: trusting)
        #expect(await client.echo([1, 2, 3]) == [1, 2, 3])
        let large = [UInt8](repeating: 7, count: 5 << 20)
        #expect(await client.echo(large) == large)
        #expect(server.facts == [ConnectionFacts(.wss, isSecure: true)])
        try await client.close()
    }

    @Test func connectionsWithoutTLSAreNotSecure() async throws {
        let server = try await EchoServer.start()
        let client = try await EchoClient.connect(port: server.port)
        #expect(await client.echo([1]) == [1])
        #expect(server.facts == [ConnectionFacts(.ws)])
        try await client.close()
    }

    @Test func handlersOfTheHandshakeDoNotStay() async throws {
        for (server, settings, count) in [(try await EchoServer.start(), nil, 1), (try await server(), trusting, 2)] {
            let client = try await EchoClient.connect(port: server.port, tls: settings)
            #expect(await client.echo([1]) == [1])
            #expect(try await server.handlerCounts() == [count])
            try await client.close()
        }
    }

    @Test func unknownAuthoritiesAreNotTrusted() async throws {
        let server = try await server()
        try folder.write("other.crt", TestAuthority("Other").pem)
        let message = await failure(server, TLSClientSettings(authorities: "\(folder.path)/other.crt"))
        #expect(message.contains("authority that is not trusted"), "\(message)")
        #expect(server.facts.isEmpty)
        #expect(await eventually { server.admission.refusals == [.tlsHandshake: 1] })
    }

    @Test func theSystemDoesNotTrustAPrivateAuthority() async throws {
        let server = try await server()
        let message = await failure(server, TLSClientSettings())
        #expect(message.contains("not trusted") || message.contains("TLS cannot be set up"), "\(message)")
    }

    @Test func theCertificateIsForTheHost() async throws {
        try folder.write("rembus", authority.issue(hosts: ["broker.example.org"]))
        let server = try await server()
        for host in ["localhost", "127.0.0.1"] {
            let message = await failure(server, trusting, host: host)
            #expect(message.contains("the certificate is for broker.example.org"), "\(message)")
        }
        var named = trusting
        named.serverName = "broker.example.org"
        let client = try await EchoClient.connect(port: server.port, tls: named)
        #expect(await client.echo([1]) == [1])
        try await client.close()
    }

    @Test func expiredCertificatesAreNotTrusted() async throws {
        try folder.write("rembus", authority.issueForLocalhost(until: .now + 5))
        let server = try await server()
        try await Task.sleep(for: .seconds(6))
        let message = await failure(server, trusting)
        #expect(message.contains("expired on"), "\(message)")
    }

    @Test(arguments: [TLSVersion.tlsv1, .tlsv11])
    func oldVersionsAreRefused(_ version: TLSVersion) async throws {
        let server = try await server()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.minimumTLSVersion = version
        configuration.maximumTLSVersion = version
        let peer = try await RawPeer.connect(port: server.port, tls: NIOSSLContext(configuration: configuration))
        let text = try await peer.everything()
        #expect(text.contains("PROTOCOL_VERSION"), "\(text)")
    }

    @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
    func currentVersionsAreAccepted(_ version: TLSVersion) async throws {
        let server = try await server()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file("\(folder.path)/ca.crt")
        configuration.minimumTLSVersion = version
        configuration.maximumTLSVersion = version
        configuration.applicationProtocols = ["http/1.1"]
        let peer = try await RawPeer.connect(port: server.port, tls: NIOSSLContext(configuration: configuration))
        await peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try await peer.everything().hasPrefix("HTTP/1.1 426"))
    }

    // MARK: The wrong protocol

    @Test func plainClientsAreToldAboutTLS() async throws {
        let server = try await server()
        let error = await #expect(throws: ConnectFailure.self) {
            try await EchoClient.connect(port: server.port)
        }
        #expect(error?.description.contains("connect with wss://") == true, "\(String(describing: error))")
        #expect(server.admission.refusals == [.badRequest: 1])
    }

    @Test func secureClientsAreToldThatThereIsNoTLS() async throws {
        let server = try await EchoServer.start()
        let message = await failure(server, trusting)
        #expect(message.contains("connect with ws://"), "\(message)")
        #expect(server.admission.refusals == [.badRequest: 1])
    }

    // MARK: Client certificates

    @Test(arguments: [TLSServerSettings.ClientCertificates.optional, .required])
    func clientCertificatesNameTheComponent(_ mode: TLSServerSettings.ClientCertificates) async throws {
        let server = try await server(mode, clientAuthorities: "\(folder.path)/ca.crt")
        try folder.write("pump7", authority.issue(commonNames: ["pump7"], hosts: ["other"]))
        try folder.write("valve", authority.issue(hosts: ["valve.plant.example"]))
        try folder.write("nobody", authority.issue())
        try folder.write("two", authority.issue(commonNames: ["a", "b"]))
        for name in ["pump7", "valve", "nobody", "two"] {
            var settings = trusting
            settings.certificateFile = "\(folder.path)/\(name).crt"
            settings.keyFile = "\(folder.path)/\(name).key"
            let client = try await EchoClient.connect(port: server.port, tls: settings)
            #expect(await client.echo([1]) == [1])
            try await client.close()
        }
        #expect(server.facts.map(\.certificate?.name) == ["pump7", "valve.plant.example", nil, nil])
    }

    @Test func optionalCertificatesMayBeMissing() async throws {
        let server = try await server(.optional, clientAuthorities: "\(folder.path)/ca.crt")
        let client = try await EchoClient.connect(port: server.port, tls: trusting)
        #expect(await client.echo([1]) == [1])
        #expect(server.facts == [ConnectionFacts(.wss, isSecure: true)])
        try await client.close()
    }

    @Test func requiredCertificatesMayNotBeMissing() async throws {
        let server = try await server(.required, clientAuthorities: "\(folder.path)/ca.crt")
        let message = await failure(server, trusting)
        #expect(message.contains("asks for a client certificate"), "\(message)")
        #expect(server.facts.isEmpty)
    }

    @Test(arguments: [TLSServerSettings.ClientCertificates.optional, .required])
    func clientCertificatesOfOthersAreRefused(_ mode: TLSServerSettings.ClientCertificates) async throws {
        let server = try await server(mode, clientAuthorities: "\(folder.path)/ca.crt")
        try folder.write("pump7", TestAuthority("Other").issue(commonNames: ["pump7"]))
        var settings = trusting
        settings.certificateFile = "\(folder.path)/pump7.crt"
        settings.keyFile = "\(folder.path)/pump7.key"
        let message = await failure(server, settings)
        #expect(message.contains("certificate"), "\(message)")
        #expect(server.facts.isEmpty)
    }

    @Test func withoutTheQuestionACertificateProvesNothing() async throws {
        let server = try await server()
        try folder.write("pump7", authority.issue(commonNames: ["pump7"]))
        var settings = trusting
        settings.certificateFile = "\(folder.path)/pump7.crt"
        settings.keyFile = "\(folder.path)/pump7.key"
        let client = try await EchoClient.connect(port: server.port, tls: settings)
        #expect(await client.echo([1]) == [1])
        #expect(server.facts == [ConnectionFacts(.wss, isSecure: true)])
        try await client.close()
    }

    // MARK: Several certificates

    @Test func theNameThatIsAskedForChoosesTheCertificate() async throws {
        try folder.write("plant", authority.issue(hosts: ["broker.plant.example"]))
        try folder.write("wild", authority.issue(hosts: ["*.lab.example"]))
        try folder.write("alone.crt", "no key beside it, so not read")
        let server = try await server()
        for name in ["localhost", "broker.plant.example", "BROKER.plant.example", "x.lab.example"] {
            var settings = trusting
            settings.serverName = name
            let client = try await EchoClient.connect(port: server.port, tls: settings)
            #expect(await client.echo([1]) == [1])
            try await client.close()
        }
        var settings = trusting
        settings.serverName = "elsewhere.example"
        let message = await failure(server, settings)
        #expect(message.contains("the certificate is for localhost"), "\(message)")
    }
}

/// Whether something becomes true; the time only ends a test that waits in vain.
func eventually(_ condition: () -> Bool) async -> Bool {
    let end = ContinuousClock.now + .seconds(30)
    while !condition() {
        guard ContinuousClock.now < end else { return condition() }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return true
}
