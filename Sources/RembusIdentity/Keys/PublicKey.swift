#if WITH_KEYS
import Crypto
import CryptoExtras
import Foundation

/// A key that a broker checks signatures with.
package struct PublicKey: Sendable {
    private enum Key: Sendable {
        case rsa(_RSA.Signing.PublicKey)
        case ecdsa(P256.Signing.PublicKey)
    }

    /// The accepted sizes of RSA keys in bits: smaller keys are weak, larger ones take too long to check.
    package static let rsaBits = 2048...8192

    private let key: Key

    /// The kind of the key.
    package var scheme: KeyScheme {
        switch key {
        case .rsa: .rsa
        case .ecdsa: .ecdsa
        }
    }

    /// Reads a key as components register it: PEM or DER, SubjectPublicKeyInfo or PKCS#1 (protocol.md §7.4).
    ///
    /// - Parameters:
    ///   - bytes: At most 16 KiB, from a peer or a file. They may be anything.
    ///   - scheme: The kind that the key must have.
    /// - Throws: ``IdentityError`` for anything but an RSA key of 2048 to 8192 bits or a key on the curve P-256.
    package init(bytes: [UInt8], scheme: KeyScheme) throws(IdentityError) {
        guard !bytes.isEmpty, bytes.count <= KeyFormat.maximumBytes else {
            throw IdentityError(.invalidKey, "A public key has 1 to \(KeyFormat.maximumBytes) bytes.")
        }
        let der = try Self.der(bytes)
        guard !der.isEmpty else { throw IdentityError(.invalidKey, "The public key is empty.") }
        switch scheme {
        case .rsa: key = .rsa(try Self.rsa(der))
        case .ecdsa: key = .ecdsa(try Self.ecdsa(der))
        }
    }

    /// Whether the signature is the one of this key's owner for the challenge and the name.
    ///
    /// Takes the same time for every wrong signature of the right form. Never traps, whatever the bytes are.
    package func isValid(_ signature: [UInt8], challenge: [UInt8], name: String) -> Bool {
        let signed = Attestation.signedBytes(challenge: challenge, text: name)
        switch key {
        case .rsa(let key):
            guard signature.count == (key.keySizeInBits + 7) / 8 else { return false }
            let signature = _RSA.Signing.RSASignature(rawRepresentation: signature)
            return key.isValidSignature(signature, for: SHA256.hash(data: signed), padding: .insecurePKCS1v1_5)
        case .ecdsa(let key):
            // A DER signature on P-256 has at most 72 bytes.
            guard (8...72).contains(signature.count),
                let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            else { return false }
            return key.isValidSignature(signature, for: signed)
        }
    }

    private static func der(_ bytes: [UInt8]) throws(IdentityError) -> [UInt8] {
        guard KeyFormat.isPEM(bytes) else { return bytes }
        guard let text = String(validating: bytes, as: UTF8.self),
            let block = KeyFormat.block(in: text, where: { $0.hasSuffix("PUBLIC KEY") }), !block.hasHeaders
        else { throw IdentityError(.invalidKey, "The PEM text holds no public key.") }
        return block.der
    }

    private static func rsa(_ der: [UInt8]) throws(IdentityError) -> _RSA.Signing.PublicKey {
        let problem = IdentityError(
            .invalidKey, "The key is no RSA key of \(rsaBits.lowerBound) to \(rsaBits.upperBound) bits.")
        guard let key = try? _RSA.Signing.PublicKey(derRepresentation: der), rsaBits.contains(key.keySizeInBits) else {
            throw problem
        }
        return key
    }

    private static func ecdsa(_ der: [UInt8]) throws(IdentityError) -> P256.Signing.PublicKey {
        guard let key = try? P256.Signing.PublicKey(derRepresentation: der) else {
            throw IdentityError(.invalidKey, "The key is no ECDSA key on the curve P-256.")
        }
        return key
    }
}
#endif
