import Testing

@testable import RembusIdentity

/// The vectors of protocol.md §14.4: component `pump7`, challenge `de ad 00 01`.
@Suite struct VectorTests {
    static let name = "pump7"
    static let challenge: [UInt8] = [0xDE, 0xAD, 0x00, 0x01]

    @Test func signedBytes() {
        #expect(
            Attestation.signedBytes(challenge: Self.challenge, text: Self.name)
                == hex("8244dead00016570756d7037"))
        #expect(
            Attestation.signedBytes(challenge: Array(0x00...0x1F), text: Self.name)
                == hex(
                    "825820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f6570756d7037"))
    }

    @Test(arguments: [
        (23, "57"), (24, "5818"), (255, "58ff"), (256, "590100"), (65535, "59ffff"), (65536, "5a00010000"),
    ])
    func lengthsAreInTheirShortestForm(_ length: Int, _ head: String) {
        let bytes = Attestation.signedBytes(challenge: .init(repeating: 7, count: length), text: "é")
        #expect(Array(bytes.dropFirst().prefix(head.utf8.count / 2)) == hex(head))
        #expect(bytes.count == 1 + head.utf8.count / 2 + length + 3)
        #expect(bytes.suffix(3) == [0x62, 0xC3, 0xA9])
    }

    @Test func sharedSecret() throws {
        let digest = hex("bc17cf604b0a0cd191ab5eb672e36e78b287759dafd62086903b3e4225b672af")
        let credential = Credential.sharedSecret("hunter22")
        #expect(try credential.signature(challenge: Self.challenge, name: Self.name) == digest)
        let verifier = Verifier.sharedSecret(try SharedSecret(fileContent: Array("hunter22\n".utf8)))
        #expect(verifier.isValid(digest, challenge: Self.challenge, name: Self.name))
        #expect(!verifier.isValid(digest, challenge: [0xDE, 0xAD, 0x00, 0x02], name: Self.name))
        #expect(!verifier.isValid(digest.dropLast(), challenge: Self.challenge, name: Self.name))
        #expect(!verifier.isValid([], challenge: Self.challenge, name: Self.name))
    }

    @Test func ecdsaVerification() throws {
        let key = try PublicKey(bytes: hex(Samples.ecdsaKey), scheme: .ecdsa)
        let signature = hex(Samples.ecdsaSignature)
        #expect(key.isValid(signature, challenge: Self.challenge, name: Self.name))
        #expect(!key.isValid(signature, challenge: Self.challenge, name: "pump8"))
        #expect(!key.isValid(signature, challenge: [0xDE, 0xAD, 0x00], name: Self.name))
    }

    @Test func ecdsaSigning() throws {
        // The same key from its private scalar, in SEC1 without the optional parts.
        let scalar = "1122334455667788990011223344556677889900112233445566778899001122"
        let key = try PrivateKey(hex("30310201010420" + scalar + "a00a06082a8648ce3d030107"))
        #expect(key.scheme == .ecdsa)
        let signature = try Credential.privateKey(key).signature(challenge: Self.challenge, name: Self.name)
        let known = try PublicKey(bytes: hex(Samples.ecdsaKey), scheme: .ecdsa)
        #expect(known.isValid(signature, challenge: Self.challenge, name: Self.name))
    }

    @Test func rsaVerification() throws {
        let key = try PublicKey(bytes: hex(Samples.rsaKey), scheme: .rsa)
        let signature = hex(Samples.rsaSignature)
        #expect(key.isValid(signature, challenge: Self.challenge, name: Self.name))
        #expect(!key.isValid(signature, challenge: Self.challenge, name: "Pump7"))
        for index in stride(from: 0, to: signature.count, by: 17) {
            var wrong = signature
            wrong[index] ^= 1
            #expect(!key.isValid(wrong, challenge: Self.challenge, name: Self.name))
        }
    }
}
