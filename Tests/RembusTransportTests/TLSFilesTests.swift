import Foundation
import RembusListening
import RembusTransport
import TestSupport
import Testing

/// Files of certificates and keys: what is wrong with them is said, and when they change they are read again.
@Suite(.timeLimit(.minutes(5)))
struct TLSFilesTests {
    let authority: TestAuthority
    let folder: TestFolder

    init() throws {
        authority = try TestAuthority()
        folder = try TestFolder()
        try folder.write("ca.crt", authority.pem)
        try folder.write("rembus", authority.issueForLocalhost())
    }

    var settings: TLSServerSettings { TLSServerSettings(keystore: folder.path) }

    func problem(_ settings: TLSServerSettings? = nil) -> String {
        let error = #expect(throws: TLSFailure.self) { try TLSServerContext(settings ?? self.settings) }
        return error?.description ?? ""
    }

    // MARK: Errors

    @Test(arguments: ["rembus.crt", "rembus.key"])
    func missingFilesAreNamed(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        let text = problem()
        #expect(text.contains("\(folder.path)/\(name) does not exist"), "\(text)")
    }

    @Test func contentThatIsNoCertificateIsSaid() throws {
        try folder.write("rembus.crt", "hello")
        #expect(problem().contains("holds no certificate in PEM form"))
        try folder.write("rembus.crt", "")
        #expect(problem().contains("holds no certificate in PEM form"))
    }

    @Test func contentThatIsNoKeyIsSaidButNotShown() throws {
        try folder.write("rembus.key", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
        let text = problem()
        #expect(text.contains("holds no private key in PEM form"))
        #expect(!text.contains("c2VjcmV0"))
    }

    @Test func encryptedKeysAreSaid() throws {
        try folder.write(
            "rembus.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
        #expect(problem().contains("is encrypted with a passphrase"))
    }

    @Test func aKeyOfAnotherCertificateIsSaid() throws {
        try folder.write("rembus.key", authority.issueForLocalhost().key)
        let text = problem()
        #expect(text.contains("does not belong to the certificate in \(folder.path)/rembus.crt"), "\(text)")
    }

    @Test(arguments: [0o604, 0o602, 0o644, 0o666])
    func keysThatEveryoneCanReadAreRefused(_ mode: Int) throws {
        try folder.write("rembus.key", authority.issueForLocalhost().key, mode: mode)
        #expect(problem().contains("chmod 600"))
    }

    @Test(arguments: [0o600, 0o400, 0o640])
    func keysOfTheOwnerAndTheGroupAreFine(_ mode: Int) throws {
        let pair = try authority.issueForLocalhost()
        try folder.write("rembus.crt", pair.certificate)
        try folder.write("rembus.key", pair.key, mode: mode)
        _ = try TLSServerContext(settings)
    }

    @Test func datesAreChecked() throws {
        try folder.write("rembus", authority.issue(hosts: ["a"], until: .now - 10))
        #expect(problem().contains("expired on"))
        try folder.write("rembus", authority.issue(hosts: ["a"], from: .now + 600))
        #expect(problem().contains("is valid from"))
    }

    @Test func furtherPairsAreCheckedToo() throws {
        try folder.write("plant", authority.issue(hosts: ["plant"], until: .now - 10))
        #expect(problem().contains("plant.crt expired on"))
    }

    @Test func anAuthorityInTheKeystoreIsNoPair() throws {
        // Not even looked at: its key may be readable by nobody.
        try folder.write("ca.key", "unreadable", mode: 0o666)
        #expect(try !TLSServerContext(settings).summary.contains("any host"))
    }

    @Test func clientAuthoritiesAreNeededToJudgeClients() throws {
        let none = TLSServerSettings(keystore: folder.path, clientCertificates: .required)
        #expect(problem(none).contains("client_ca"))
        let missing = TLSServerSettings(
            keystore: folder.path, clientAuthorities: "/nonexistent/ca.pem", clientCertificates: .optional)
        #expect(problem(missing).contains("client authority file /nonexistent/ca.pem does not exist"))
    }

    @Test func errorsNameTheSettingThatLeadsToTheFile() throws {
        var server = TLSServerSettings(keystore: "/nonexistent")
        server.keystoreOrigin = "REMBUS_KEYSTORE"
        #expect(problem(server) == "the certificate file /nonexistent/rembus.crt does not exist (REMBUS_KEYSTORE)")
        var clients = TLSServerSettings(
            keystore: folder.path, clientAuthorities: "/nonexistent/ca.pem", clientCertificates: .required)
        (clients.keystoreOrigin, clients.authoritiesOrigin) = ("REMBUS_KEYSTORE", "REMBUS_CLIENT_CA")
        #expect(problem(clients).hasSuffix("ca.pem does not exist (REMBUS_CLIENT_CA)"))
    }

    @Test func clientFilesAreChecked() throws {
        func problem(_ settings: TLSClientSettings) -> String {
            let error = #expect(throws: TLSFailure.self) { try TLSClientContext(settings) }
            return error?.description ?? ""
        }
        #expect(problem(.init(authorities: "/nonexistent/ca")).contains("file /nonexistent/ca does not exist"))
        #expect(problem(.init(authorities: folder.path)).contains("is not a file"))
        #expect(problem(.init(certificateFile: "\(folder.path)/rembus.crt")).contains("needs a key file"))
    }

    @Test func theFirstEndOfValidityCounts() throws {
        let end = Date.now + 1000
        try folder.write("plant", authority.issue(hosts: ["plant"], until: end))
        let expiry = try TLSServerContext(settings).expiry
        #expect(abs(expiry.timeIntervalSince(end)) < 2)
    }

    // MARK: Replacement

    @Test func newCertificatesAreForNewConnections() async throws {
        let context = try TLSServerContext(settings)
        let server = try await EchoServer.start(tls: context)
        let trusting = TLSClientSettings(authorities: "\(folder.path)/ca.crt")
        let first = try await EchoClient.connect(port: server.port, tls: trusting)
        let next = try TestAuthority("Next")
        try folder.write("next-ca.crt", next.pem)
        try folder.write("rembus", next.issueForLocalhost())
        try context.reload()
        #expect(await first.echo([1]) == [1])
        let second = try await EchoClient.connect(
            port: server.port, tls: TLSClientSettings(authorities: "\(folder.path)/next-ca.crt"))
        #expect(await second.echo([2]) == [2])
        await #expect(throws: ConnectFailure.self) {
            try await EchoClient.connect(port: server.port, tls: trusting)
        }
        #expect(await first.echo([3]) == [3])
        try await first.close()
        try await second.close()
    }

    @Test func changesAreSeenOnceTheyHaveSettled() throws {
        let context = try TLSServerContext(settings)
        #expect(try !context.reloadIfChanged())
        let end = Date.now + 7200
        try folder.write("rembus", authority.issueForLocalhost(until: end))
        #expect(try !context.reloadIfChanged())
        #expect(try context.reloadIfChanged())
        #expect(abs(context.expiry.timeIntervalSince(end)) < 2)
        #expect(try !context.reloadIfChanged())
    }

    @Test func newPairsAreAChange() throws {
        let context = try TLSServerContext(settings)
        try folder.write("plant", authority.issue(hosts: ["plant"]))
        #expect(try !context.reloadIfChanged())
        #expect(try context.reloadIfChanged())
        #expect(context.summary.contains("plant"))
    }

    @Test func whatCannotBeUsedIsReportedOnceAndTheOldStays() async throws {
        let context = try TLSServerContext(settings)
        let expiry = context.expiry
        try folder.write("rembus.crt", "broken")
        #expect(try !context.reloadIfChanged())
        #expect(throws: TLSFailure.self) { try context.reloadIfChanged() }
        for _ in 0..<3 { #expect(try !context.reloadIfChanged()) }
        #expect(context.expiry == expiry)
        #expect(throws: TLSFailure.self) { try context.reload() }
        let server = try await EchoServer.start(tls: context)
        let client = try await EchoClient.connect(
            port: server.port, tls: TLSClientSettings(authorities: "\(folder.path)/ca.crt"))
        #expect(await client.echo([1]) == [1])
        try await client.close()
        try folder.write("rembus", authority.issueForLocalhost())
        #expect(try !context.reloadIfChanged())
        #expect(try context.reloadIfChanged())
    }

    @Test func missingFilesAreAChangeThatKeepsTheOld() throws {
        let context = try TLSServerContext(settings)
        try FileManager.default.removeItem(atPath: "\(folder.path)/rembus.key")
        #expect(try !context.reloadIfChanged())
        #expect(throws: TLSFailure.self) { try context.reloadIfChanged() }
        #expect(try !context.reloadIfChanged())
    }

    @Test func clientsReadARenewedAuthorityAgain() async throws {
        let next = try TestAuthority("Next")
        let client = try TLSClientContext(TLSClientSettings(authorities: "\(folder.path)/ca.crt"))
        try folder.write("ca.crt", next.pem)
        try folder.write("rembus", next.issueForLocalhost())
        let server = try await EchoServer.start(tls: TLSServerContext(settings))
        let connection = try await EchoClient.connect(port: server.port, context: client)
        #expect(await connection.echo([1]) == [1])
        try await connection.close()
    }

    @Test func contextsAreSharedWhileTheyAreUsed() throws {
        let settings = TLSClientSettings(authorities: "\(folder.path)/ca.crt")
        let first = try TLSClientContext.shared(settings)
        #expect(try TLSClientContext.shared(settings) === first)
    }
}
