import Foundation
import RembusListening
import TestSupport
import Testing

@testable import Rembus

/// `wss` URLs: which authority counts, and what is said when a broker is not trusted.
@Suite(.timeLimit(.minutes(5)))
struct SecureConnectionTests {
    let authority: TestAuthority
    let folder: TestFolder

    init() throws {
        authority = try TestAuthority()
        folder = try TestFolder()
        try folder.write("authority.pem", authority.pem)
        try folder.write("other.pem", TestAuthority("Other").pem)
        try folder.write("keystore/rembus", authority.issueForLocalhost())
    }

    var authorityFile: String { "\(folder.path)/authority.pem" }

    func broker(_ clients: TLSServerSettings.ClientCertificates = .none) async throws -> FakeBroker {
        try await FakeBroker.start(
            tls: TLSServerContext(
                TLSServerSettings(
                    keystore: "\(folder.path)/keystore", clientAuthorities: authorityFile,
                    clientCertificates: clients)))
    }

    func connects(_ broker: FakeBroker, host: String = "127.0.0.1", _ configuration: ComponentConfiguration)
        async throws
    {
        async let connecting = Component.connect("wss://\(host):\(broker.port)/pump7", configuration: configuration)
        try await broker.accept().acceptLogin("pump7")
        await (try connecting).close()
    }

    func refusal(_ broker: FakeBroker, _ configuration: ComponentConfiguration) async -> RembusError? {
        await #expect(throws: RembusError.self) {
            try await Component.connect("wss://127.0.0.1:\(broker.port)/pump7", configuration: configuration)
        }
    }

    // MARK: Where the authority comes from

    @Test(arguments: ["127.0.0.1", "localhost"])
    func anExplicitAuthorityCounts(_ host: String) async throws {
        try await connects(broker(), host: host, .test { $0.tls.authorities = authorityFile })
    }

    @Test func theEnvironmentNamesAnAuthority() async throws {
        try await connects(broker(), .test { $0.environment = ["HTTP_CA_BUNDLE": authorityFile] })
    }

    @Test func theOnlyFileInTheFolderIsTheAuthority() async throws {
        try folder.write("state/ca/anything.crt", authority.pem)
        try folder.write("state/ca/.hidden", "")
        try await connects(broker(), .test { $0.directory = "\(folder.path)/state" })
    }

    @Test func theExplicitOneWinsThenTheEnvironment() async throws {
        try folder.write("state/ca/other.crt", TestAuthority("Other").pem)
        let broker = try await broker()
        try await connects(
            broker,
            .test {
                $0.directory = "\(folder.path)/state"
                $0.environment = ["HTTP_CA_BUNDLE": authorityFile]
            })
        try await connects(
            broker,
            .test {
                $0.environment = ["HTTP_CA_BUNDLE": "\(folder.path)/other.pem"]
                $0.tls.authorities = authorityFile
            })
    }

    @Test func severalFilesInTheFolderAreNotGuessedAt() async throws {
        try folder.write("state/ca/a.crt", authority.pem)
        try folder.write("state/ca/b.crt", authority.pem)
        let error = try await refusal(broker(), .test { $0.directory = "\(folder.path)/state" })
        #expect(error?.code == .invalidSetting)
        #expect(error?.message.contains("holds several files") == true)
    }

    @Test func aMissingAuthorityIsSaidBeforeAnythingIsDialed() async throws {
        let error = try await refusal(broker(), .test { $0.environment = ["HTTP_CA_BUNDLE": "/nonexistent/ca.pem"] })
        #expect(error?.code == .invalidSetting)
        #expect(error?.message.contains("/nonexistent/ca.pem does not exist") == true)
    }

    // MARK: Refusals

    @Test func otherAuthoritiesAreNotTrusted() async throws {
        let error = try await refusal(broker(), .test { $0.tls.authorities = "\(folder.path)/other.pem" })
        #expect(error?.code == .connectionDown)
        #expect(error?.message.contains("authority that is not trusted") == true, "\(error?.message ?? "")")
    }

    @Test func theNameInTheCertificateIsChecked() async throws {
        try folder.write("keystore/rembus", authority.issue(hosts: ["hub.example"]))
        let broker = try await broker()
        let error = await refusal(broker, .test { $0.tls.authorities = authorityFile })
        #expect(error?.message.contains("the certificate is for hub.example") == true, "\(error?.message ?? "")")
        try await connects(
            broker,
            .test {
                $0.tls.authorities = authorityFile
                $0.tls.serverName = "hub.example"
            })
    }

    @Test func aBrokerWithoutTLSIsNamedAsSuch() async throws {
        let error = try await refusal(FakeBroker.start(), .test { $0.tls.authorities = authorityFile })
        #expect(error?.message.contains("connect with ws://") == true, "\(error?.message ?? "")")
    }

    @Test func aBrokerWithTLSIsNamedAsSuch() async throws {
        let broker = try await broker()
        let error = await #expect(throws: RembusError.self) {
            try await Component.connect("ws://127.0.0.1:\(broker.port)/pump7", configuration: .test())
        }
        #expect(error?.message.contains("connect with wss://") == true, "\(error?.message ?? "")")
    }

    // MARK: Client certificates

    @Test func aCertificateIsShownWhereOneIsAskedFor() async throws {
        try folder.write("pump7", authority.issue(commonNames: ["pump7"]))
        let broker = try await broker(.required)
        try await connects(
            broker,
            .test {
                $0.tls.authorities = authorityFile
                $0.tls.certificate = "\(folder.path)/pump7.crt"
                $0.tls.privateKey = "\(folder.path)/pump7.key"
            })
        try await connects(
            broker,
            .test {
                $0.environment = [
                    "HTTP_CA_BUNDLE": authorityFile, "REMBUS_CLIENT_CERTIFICATE": "\(folder.path)/pump7.crt",
                    "REMBUS_CLIENT_KEY": "\(folder.path)/pump7.key",
                ]
            })
        let error = await refusal(broker, .test { $0.tls.authorities = authorityFile })
        #expect(error?.message.contains("asks for a client certificate") == true, "\(error?.message ?? "")")
    }
}
