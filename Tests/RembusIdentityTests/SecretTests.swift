import Testing

@testable import RembusIdentity

@Suite struct SecretTests {
    @Test func pinHashesMatchTheirPinOnly() throws {
        let hash = PinHash.make("11223344")
        #expect(hash.matches("11223344"))
        #expect(!hash.matches("11223345"))
        #expect(!hash.matches(""))
        let read = try #require(PinHash(hash.text))
        #expect(read == hash)
        #expect(read.matches("11223344"))
        #expect(hash.text.hasPrefix("$scrypt$ln=14,r=8,p=1$"))
        #expect(PinHash.make("11223344").text != hash.text)
        #expect("\(hash)" == "pin hash")
    }

    @Test(arguments: ["", "é", String(repeating: "x", count: 100_000)])
    func anyTextIsAPin(_ pin: String) {
        let hash = PinHash.make(pin)
        #expect(hash.matches(pin))
        #expect(!hash.matches(pin + " "))
    }

    @Test(arguments: [
        "", "11223344", "$scrypt$", "$scrypt$ln=14,r=8,p=1$$", "$scrypt$ln=40,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
        "$scrypt$ln=-1,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=99999,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "$scrypt$ln=14,r=8,p=1$!$!",
    ])
    func otherTextsAreNoHash(_ text: String) {
        #expect(PinHash(text) == nil)
    }

    @Test func aKnownHashIsRead() throws {
        let text = "$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        let hash = try #require(PinHash(text))
        #expect(hash.text == text)
        #expect(!hash.matches("x"))
    }

    @Test func constantTimeComparison() {
        #expect(ConstantTime.equal([], []))
        #expect(ConstantTime.equal([1, 2], [1, 2]))
        #expect(!ConstantTime.equal([1, 2], [1, 3]))
        #expect(!ConstantTime.equal([1, 2], [1, 2, 3]))
        #expect(!ConstantTime.equal([0x80], [0x00]))
    }

    @Test func randomBytesDiffer() {
        #expect(RandomBytes.make(32).count == 32)
        #expect(RandomBytes.make(32) != RandomBytes.make(32))
        #expect(RandomBytes.make(0).isEmpty && RandomBytes.make(-1).isEmpty)
    }

    @Test(arguments: ["short", "123456789012345", "1234567890\n123456789", "12345678901234567\0"])
    func unsafeSecretsAreRefused(_ secret: String) {
        let error = #expect(throws: IdentityError.self) { try SharedSecret(new: secret) }
        #expect(error?.code == .invalidSecret)
        #expect(error?.message.contains(secret) == false)
    }
}
