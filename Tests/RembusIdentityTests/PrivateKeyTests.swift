import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import RembusIdentity

@Suite struct PrivateKeyTests {
    @Test(arguments: KeyScheme.allCases)
    func generatedKeySignsForItsPublicHalf(_ scheme: KeyScheme) throws {
        let key = try PrivateKey.generate(scheme)
        #expect(key.scheme == scheme)
        #expect(key.bits == (scheme == .rsa ? 3072 : 256))
        let publicKey = try PublicKey(bytes: key.publicKeyPEM, scheme: scheme)
        let challenge = RandomBytes.make(32)
        let signature = try Credential.privateKey(key).signature(challenge: challenge, name: "é/x")
        #expect(publicKey.isValid(signature, challenge: challenge, name: "é/x"))
        #expect(!publicKey.isValid(signature, challenge: challenge, name: "e\u{301}/x"))
        #expect(!publicKey.isValid(signature, challenge: RandomBytes.make(32), name: "é/x"))
        let again = try PrivateKey(pem: key.pem)
        #expect(again.publicKeyPEM == key.publicKeyPEM)
        #expect(key.pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n") && key.pem.hasSuffix("-----END PRIVATE KEY-----\n"))
    }

    @Test func everyFormOfAnRSAKeyIsRead() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let publicPEM = Array(try PrivateKey(key.derRepresentation).publicKeyPEM)
        let forms: [[UInt8]] = [
            Array(key.derRepresentation), Array(key.pkcs8DERRepresentation), Array(key.pemRepresentation.utf8),
            Array(key.pkcs8PEMRepresentation.utf8),
            Array(key.pkcs8PEMRepresentation.replacing("\n", with: "\r\n").utf8),
        ]
        for form in forms {
            let read = try PrivateKey(form)
            #expect(read.scheme == .rsa)
            #expect(read.bits == 2048)
            #expect(read.publicKeyPEM == publicPEM)
        }
    }

    @Test func everyFormOfAnECDSAKeyIsRead() throws {
        let key = P256.Signing.PrivateKey()
        let point = key.publicKey.x963Representation
        let sec1 =
            hex("30770201010420") + Array(key.rawRepresentation) + hex("a00a06082a8648ce3d030107a144034200") + point
        let parameters = KeyFormat.pem(hex("06082a8648ce3d030107"), label: "EC PARAMETERS")
        let sec1PEM = KeyFormat.pem(sec1, label: "EC PRIVATE KEY")
        let forms: [[UInt8]] = [
            sec1, Array(key.derRepresentation), Array(sec1PEM.utf8), Array(key.pemRepresentation.utf8),
            Array((parameters + sec1PEM).utf8), Array(("Key of pump7: do not share\n\n" + sec1PEM).utf8),
        ]
        for form in forms {
            let read = try PrivateKey(form)
            #expect(read.scheme == .ecdsa)
            #expect(
                read.publicKeyPEM == Array(KeyFormat.pem(key.publicKey.derRepresentation, label: "PUBLIC KEY").utf8))
        }
    }

    @Test func otherKeysAreRefused() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024))
        let otherCurve = P384.Signing.PrivateKey()
        let curve25519 = hex("302e020100300506032b657004220420") + RandomBytes.make(32)
        for form in [
            Array(weak.derRepresentation), Array(weak.pemRepresentation.utf8), Array(otherCurve.derRepresentation),
            Array(otherCurve.pemRepresentation.utf8), curve25519, [], [0x30], Array("-----BEGIN PRIVATE KEY-----".utf8),
            Array(repeating: 0x30, count: 100_000),
        ] {
            let error = #expect(throws: IdentityError.self) { try PrivateKey(form) }
            #expect(error?.code == .invalidKey)
        }
    }

    @Test func encryptedKeysAreRefusedWithAdvice() {
        let new = KeyFormat.pem([1, 2, 3], label: "ENCRYPTED PRIVATE KEY")
        let old = """
            -----BEGIN RSA PRIVATE KEY-----
            Proc-Type: 4,ENCRYPTED
            DEK-Info: AES-128-CBC,00000000000000000000000000000000

            AAAA
            -----END RSA PRIVATE KEY-----
            """
        for text in [new, old] {
            let error = #expect(throws: IdentityError.self) { try PrivateKey(pem: text) }
            #expect(error?.message.contains("passphrase") == true)
        }
    }

    @Test func credentialsAreToldApart() throws {
        let key = try PrivateKey.generate(.ecdsa)
        let der = P256.Signing.PrivateKey().derRepresentation
        for content in [Array(key.pem.utf8), Array(der)] {
            guard case .privateKey = try Credential(fileContent: content) else {
                Issue.record("this is something else")
                return
            }
        }
        for text in ["hunter22", "hunter22\n", "hunter22\r\nsecond line", "0123456789abcdef", "a b\tc"] {
            guard case .sharedSecret(let secret) = try Credential(fileContent: text.utf8) else {
                Issue.record("this is something else")
                return
            }
            #expect(secret == text.prefix { !$0.isNewline })
        }
        for text in ["", "\n", "\nsecret", "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"] {
            #expect(throws: IdentityError.self) { try Credential(fileContent: text.utf8) }
        }
        #expect(throws: IdentityError.self) { try Credential(fileContent: [0xFF, 0xFE]) }
    }

    @Test func nothingPrintsASecret() throws {
        let key = try PrivateKey.generate(.ecdsa)
        let secret = Credential.sharedSecret("correct horse battery")
        let shared = Verifier.sharedSecret(try SharedSecret(new: "correct horse battery"))
        for value in [key as Any, Credential.privateKey(key), secret, shared, [secret], ["x": shared]] {
            var dumped = ""
            dump(value, to: &dumped)
            let texts = ["\(value)", String(reflecting: value), dumped]
            #expect(!texts.contains { $0.contains("horse") || $0.contains("Signing") || $0.contains("BEGIN") })
        }
        #expect("\(key)" == "private ecdsa key of 256 bits")
    }
}
