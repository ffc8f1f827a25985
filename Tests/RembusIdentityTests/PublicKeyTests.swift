import Crypto
import CryptoExtras
import Foundation
import Testing

@testable import RembusIdentity

@Suite struct PublicKeyTests {
    @Test func everyFormIsRead() throws {
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048).publicKey
        for form in [
            Array(rsa.derRepresentation), Array(rsa.pemRepresentation.utf8), Array(rsa.pkcs1DERRepresentation),
            Array(rsa.pkcs1PEMRepresentation.utf8),
        ] {
            #expect(try PublicKey(bytes: form, scheme: .rsa).scheme == .rsa)
            #expect(throws: IdentityError.self) { try PublicKey(bytes: form, scheme: .ecdsa) }
        }
        let ecdsa = P256.Signing.PrivateKey().publicKey
        for form in [Array(ecdsa.derRepresentation), Array(ecdsa.pemRepresentation.utf8)] {
            #expect(try PublicKey(bytes: form, scheme: .ecdsa).scheme == .ecdsa)
            #expect(throws: IdentityError.self) { try PublicKey(bytes: form, scheme: .rsa) }
        }
    }

    @Test func weakAndForeignKeysAreRefused() throws {
        let weak = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 1024)).publicKey
        let odd = try _RSA.Signing.PrivateKey(unsafeKeySize: .init(bitCount: 2040)).publicKey
        for key in [weak, odd] {
            #expect(throws: IdentityError.self) {
                try PublicKey(bytes: Array(key.derRepresentation), scheme: .rsa)
            }
        }
        // PKCS#1 with a modulus of 8200 bits; it need not be a product of primes to be read.
        let modulus = [0x00, 0xFF] + RandomBytes.make(1023) + [0x01]
        let large = hex("3082040b02820402") + modulus + hex("0203010001")
        #expect(throws: IdentityError.self) { try PublicKey(bytes: large, scheme: .rsa) }
        let otherCurve = P384.Signing.PrivateKey().publicKey
        #expect(throws: IdentityError.self) {
            try PublicKey(bytes: Array(otherCurve.derRepresentation), scheme: .ecdsa)
        }
        let privatePEM = try PrivateKey.generate(.ecdsa).pem
        #expect(throws: IdentityError.self) { try PublicKey(bytes: Array(privatePEM.utf8), scheme: .ecdsa) }
    }

    /// A point that is not on the curve would give away private keys elsewhere; here it must just be refused.
    @Test func pointsOffTheCurveAreRefused() throws {
        var key = hex(Samples.ecdsaKey)
        key[key.count - 1] ^= 1
        #expect(throws: IdentityError.self) { try PublicKey(bytes: key, scheme: .ecdsa) }
    }

    @Test func hostileKeysNeverTrap() {
        var generator = SplitMix(seed: 4)
        let seeds = [
            hex(Samples.rsaKey), hex(Samples.ecdsaKey),
            Array(KeyFormat.pem(hex(Samples.rsaKey), label: "PUBLIC KEY").utf8),
            Array(KeyFormat.pem(hex(Samples.ecdsaKey), label: "PUBLIC KEY").utf8), Array("-----BEGIN".utf8),
            [0x30, 0x80],
        ]
        for round in 0..<6000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                switch Int.random(in: 0...3, using: &generator) {
                case 0 where !bytes.isEmpty:
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 0...255, using: &generator)
                case 1: bytes = Array(bytes.prefix(.random(in: 0...bytes.count, using: &generator)))
                case 2 where !bytes.isEmpty:
                    bytes.insert(0xFF, at: .random(in: 0..<bytes.count, using: &generator))
                default: bytes += [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]
                }
            }
            for scheme in KeyScheme.allCases {
                guard let key = try? PublicKey(bytes: bytes, scheme: scheme) else { continue }
                _ = key.isValid(hex(Samples.rsaSignature), challenge: [1], name: "x")
                _ = key.isValid(hex(Samples.ecdsaSignature), challenge: [1], name: "x")
            }
            _ = try? PrivateKey(bytes)
        }
        #expect(throws: IdentityError.self) { try PublicKey(bytes: [], scheme: .rsa) }
        let huge = [UInt8](repeating: 0x30, count: 1 << 20)
        #expect(throws: IdentityError.self) { try PublicKey(bytes: huge, scheme: .ecdsa) }
    }

    @Test func hostileSignaturesNeverTrap() throws {
        let keys = [
            try PublicKey(bytes: hex(Samples.rsaKey), scheme: .rsa),
            try PublicKey(bytes: hex(Samples.ecdsaKey), scheme: .ecdsa),
        ]
        var generator = SplitMix(seed: 5)
        var signatures: [[UInt8]] = [
            [], [0], [0x30], [0x30, 0x00], [0x30, 0x80], hex("3006020100020100"), hex("3006020101020101"),
            Array(repeating: 0xFF, count: 256), Array(repeating: 0, count: 256), Array(repeating: 0xFF, count: 1 << 20),
        ]
        for _ in 0..<2000 {
            var signature = hex(Bool.random(using: &generator) ? Samples.ecdsaSignature : Samples.rsaSignature)
            let place = Int.random(in: 0..<signature.count, using: &generator)
            signature[place] ^= UInt8.random(in: 1...255, using: &generator)
            signatures.append(signature)
        }
        for signature in signatures {
            for key in keys {
                let isValid = key.isValid(signature, challenge: VectorTests.challenge, name: VectorTests.name)
                #expect(!isValid)
            }
        }
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
