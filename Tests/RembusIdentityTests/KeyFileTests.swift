import Foundation
import Testing

@testable import RembusIdentity

/// The file of a component.
@Suite struct ComponentKeyFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: [
        ("pump7", "pump7/.secret"), ("plant/7", "plant/7/.secret"), ("../x", "%2E./x/.secret"),
        ("a/../../b", "a/%2E./%2E./b/.secret"), ("a//b", "a/%/b/.secret"), (".x", "%2Ex/.secret"),
    ])
    func thePathStaysInTheFolder(_ name: String, _ path: String) {
        #expect(ComponentKeyFile(directory: "/d", name: name).path == "/d/" + path)
    }

    @Test func keysAreStoredOnceAndReadBack() throws {
        let file = ComponentKeyFile(directory: folder.path, name: "pump7")
        #expect(try file.read() == nil)
        #expect(!file.exists)
        let key = try PrivateKey.generate(.ecdsa)
        try file.write(key)
        #expect(file.exists)
        #expect(try folder.mode("pump7/.secret") == 0o600)
        #expect(try folder.mode("pump7") == 0o700)
        guard case .privateKey(let read)? = try file.read() else {
            Issue.record("this is something else")
            return
        }
        #expect(read.pem == key.pem)
        let other = try PrivateKey.generate(.ecdsa)
        let error = #expect(throws: IdentityError.self) { try file.write(other) }
        #expect(error?.code == .alreadyExists)
        #expect(try folder.content("pump7/.secret") == Array(key.pem.utf8))
        #expect(try file.remove())
        #expect(try !file.remove())
    }

    @Test func unusableFilesAreReportedWithTheirPath() throws {
        let file = ComponentKeyFile(directory: folder.path, name: "pump7")
        try folder.put("pump7/.secret", "hunter22\n".utf8, mode: 0o644)
        #expect(throws: IdentityError.self) { try file.read() }
        try folder.setMode("pump7/.secret", 0o600)
        guard case .sharedSecret("hunter22")? = try file.read() else {
            Issue.record("this is something else")
            return
        }
        try folder.put("pump7/.secret", "-----BEGIN PRIVATE KEY-----\nhunter22".utf8)
        let error = #expect(throws: IdentityError.self) { try file.read() }
        #expect(error?.message.contains(file.path) == true)
        #expect(error?.message.contains("hunter22") == false)
    }
}

/// The folder of a broker.
@Suite struct BrokerKeysTests {
    let folder: TemporaryFolder
    let keys: BrokerKeys
    let ecdsa = hex(Samples.ecdsaKey)
    let challenge = RandomBytes.make(32)

    init() throws {
        folder = try TemporaryFolder()
        keys = BrokerKeys(directory: folder.file("broker/keys"))
    }

    @Test(arguments: KeyScheme.allCases)
    func aStoredKeyVerifies(_ scheme: KeyScheme) throws {
        #expect(try keys.verifier(for: "pump7") == nil)
        #expect(try !keys.contains("pump7"))
        let key = try PrivateKey.generate(scheme)
        #expect(try keys.store(key.publicKeyPEM, scheme: scheme, for: "pump7"))
        #expect(try keys.contains("pump7"))
        #expect(try folder.mode("broker/keys/pump7.\(scheme.rawValue).pem") == 0o600)
        #expect(try folder.mode("broker/keys") == 0o700)
        let verifier = try #require(try keys.verifier(for: "pump7"))
        let signature = try Credential.privateKey(key).signature(challenge: challenge, name: "pump7")
        #expect(verifier.isValid(signature, challenge: challenge, name: "pump7"))
        #expect(try keys.names().map(\.kind) == [scheme.rawValue])
        #expect(try keys.verifier(for: "pump8") == nil)
        #expect(try keys.remove("pump7"))
        #expect(try !keys.remove("pump7"))
        #expect(try keys.verifier(for: "pump7") == nil)
    }

    @Test func derKeysHaveTheirOwnSuffix() throws {
        #expect(try keys.store(ecdsa, scheme: .ecdsa, for: "a"))
        #expect(try keys.store(hex(Samples.rsaKey), scheme: .rsa, for: "b"))
        #expect(folder.entries.contains("broker/keys/a.ecdsa.der"))
        #expect(folder.entries.contains("broker/keys/b.rsa.der"))
    }

    @Test func aNameIsTakenWhateverTheKindOfKey() throws {
        try keys.setSharedSecret("0123456789abcdef", for: "c")
        for name in ["a", "c"] {
            let isFirst = try keys.store(ecdsa, scheme: .ecdsa, for: name)
            #expect(isFirst == (name == "a"))
            #expect(try !keys.store(ecdsa, scheme: .ecdsa, for: name))
            #expect(try !keys.store(hex(Samples.rsaKey), scheme: .rsa, for: name))
        }
        #expect(throws: IdentityError.self) { try keys.setSharedSecret("0123456789abcdef", for: "a") }
        #expect(try keys.names().map { "\($0.name) \($0.kind)" } == ["a ecdsa", "c secret"])
    }

    @Test func unreadableKeysAreNotStored() throws {
        for bytes in [[], [1, 2, 3], Array("-----BEGIN PUBLIC KEY-----".utf8)] {
            #expect(throws: IdentityError.self) { try keys.store(bytes, scheme: .ecdsa, for: "a") }
        }
        #expect(throws: IdentityError.self) { try keys.store(ecdsa, scheme: .rsa, for: "a") }
        #expect(folder.entries.isEmpty)
    }

    @Test(arguments: [
        "../../../x", "/etc/rembus", "..", ".", "", "a/b", ".lock", "a\0b", "x.rsa.pem",
        String(repeating: "/", count: 255),
        String(repeating: "n", count: 255),
    ])
    func noNameLeavesTheFolder(_ name: String) throws {
        #expect(try keys.store(ecdsa, scheme: .ecdsa, for: name))
        try keys.setSharedSecret("0123456789abcdef", for: name + "2")
        for entry in folder.entries where entry != "broker" && entry != "broker/keys" {
            #expect(entry.hasPrefix("broker/keys/") && entry.split(separator: "/").count == 3)
        }
        #expect(try keys.verifier(for: name) != nil)
        #expect(try keys.names().count == 2)
        if name.utf8.count < 200 { #expect(try keys.names().map(\.name).contains(name)) }
        #expect(try keys.remove(name))
    }

    /// A shared secret's file must not be readable as the public key of another name, nor the reverse (S12).
    @Test func filesOfOneNameAreNotThoseOfAnother() throws {
        try keys.setSharedSecret("0123456789abcdef", for: "x.rsa.pem")
        #expect(try keys.verifier(for: "x") == nil)
        #expect(try keys.store(ecdsa, scheme: .ecdsa, for: "y"))
        #expect(try keys.verifier(for: "y.ecdsa.der") == nil)
        #expect(try keys.names().map(\.name) == ["x.rsa.pem", "y"])
    }

    /// The kind of credential comes from the suffix: the first line of a PEM file is no secret (S12).
    @Test func aKeyIsNeverASecret() throws {
        let key = try PrivateKey.generate(.ecdsa)
        #expect(try keys.store(key.publicKeyPEM, scheme: .ecdsa, for: "a"))
        let forged = try Credential.sharedSecret("-----BEGIN PUBLIC KEY-----").signature(
            challenge: challenge, name: "a")
        #expect(try keys.verifier(for: "a")?.isValid(forged, challenge: challenge, name: "a") == false)
    }

    @Test func sharedSecretsVerifyAndAreReplaced() throws {
        for secret in ["0123456789abcdef", "a much longer secret phrase"] {
            try keys.setSharedSecret(secret, for: "a")
            #expect(try folder.mode("broker/keys/a") == 0o600)
            let digest = try Credential.sharedSecret(secret).signature(challenge: challenge, name: "a")
            #expect(try keys.verifier(for: "a")?.isValid(digest, challenge: challenge, name: "a") == true)
        }
        #expect(throws: IdentityError.self) { try keys.setSharedSecret("too short", for: "a") }
    }

    @Test func unusableFilesAreNoMissingFiles() throws {
        try folder.put("broker/keys/a.rsa.pem", "nonsense".utf8)
        #expect(throws: IdentityError.self) { try keys.verifier(for: "a") }
        try folder.put("broker/keys/b", "0123456789abcdef\n".utf8, mode: 0o644)
        #expect(throws: IdentityError.self) { try keys.verifier(for: "b") }
        try folder.put("broker/keys/c.ecdsa.der", ecdsa, mode: 0o666)
        #expect(throws: IdentityError.self) { try keys.verifier(for: "c") }
        try folder.put("elsewhere", ecdsa)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("broker/keys/d.ecdsa.der"), withDestinationPath: folder.file("elsewhere"))
        #expect(throws: IdentityError.self) { try keys.verifier(for: "d") }
        #expect(try !keys.store(ecdsa, scheme: .ecdsa, for: "d"))
        try folder.setMode("broker/keys", 0o777)
        #expect(throws: IdentityError.self) { try keys.verifier(for: "nobody") }
    }

    /// What the reference writes with an ordinary umask can be read.
    @Test func readableKeysOfTheReferenceAreAccepted() throws {
        try folder.put("broker/keys/a.ecdsa.der", ecdsa, mode: 0o644)
        try folder.setMode("broker/keys", 0o755)
        #expect(try keys.verifier(for: "a") != nil)
    }

    @Test func onlyOneOfManyRegistrationsSucceeds() async throws {
        let keys = keys
        let rsa = hex(Samples.rsaKey)
        let ecdsa = ecdsa
        for name in ["a", "b/c", "d"] {
            let successes = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<16 {
                    group.addTask {
                        // A folder object of its own, as another process would have.
                        let keys = BrokerKeys(directory: keys.directory)
                        return index.isMultiple(of: 2)
                            ? try keys.store(rsa, scheme: .rsa, for: name)
                            : try keys.store(ecdsa, scheme: .ecdsa, for: name)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
        }
        #expect(try keys.names().count == 3)
        #expect(folder.entries.filter { $0.contains("/.new-") }.isEmpty)
    }
}
