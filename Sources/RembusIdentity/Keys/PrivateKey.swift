#if WITH_KEYS
import Crypto
import CryptoExtras
import Foundation

/// The private half of a component's key pair. Whoever has it can log in as the component.
public struct PrivateKey: Sendable {
    private enum Key: Sendable {
        case rsa(_RSA.Signing.PrivateKey)
        case ecdsa(P256.Signing.PrivateKey)
    }

    private let key: Key

    private init(_ key: Key) { self.key = key }

    /// Makes a new key pair: P-256 for ECDSA, and 3072 bits for RSA, which takes a fraction of a second. Throws
    /// ``IdentityError`` when the cryptography library fails.
    public static func generate(_ scheme: KeyScheme) throws(IdentityError) -> PrivateKey {
        switch scheme {
        case .ecdsa: return PrivateKey(.ecdsa(P256.Signing.PrivateKey()))
        case .rsa:
            guard let key = try? _RSA.Signing.PrivateKey(keySize: .bits3072) else {
                throw IdentityError(.cryptography, "The RSA key could not be made; try again, or use ECDSA.")
            }
            return PrivateKey(.rsa(key))
        }
    }

    /// Reads the content of a key file: PEM or DER, in the forms PKCS#8, PKCS#1 (RSA) and SEC1 (ECDSA).
    ///
    /// Throws ``IdentityError`` for anything but an RSA key of 2048 to 8192 bits or a key on the curve P-256, and for a key
    /// that is encrypted with a passphrase.
    public init(_ content: some Sequence<UInt8>) throws(IdentityError) {
        let bytes = Array(content.prefix(KeyFormat.maximumBytes + 1))
        guard bytes.count <= KeyFormat.maximumBytes else {
            throw IdentityError(.invalidKey, "A private key has at most \(KeyFormat.maximumBytes) bytes.")
        }
        let der = try Self.der(bytes)
        guard !der.isEmpty else { throw IdentityError(.invalidKey, "The private key is empty.") }
        if let key = try? P256.Signing.PrivateKey(derRepresentation: der) {
            self.key = .ecdsa(key)
        } else if let key = try? _RSA.Signing.PrivateKey(derRepresentation: der),
            PublicKey.rsaBits.contains(key.keySizeInBits)
        {
            self.key = .rsa(key)
        } else {
            throw IdentityError(
                .invalidKey,
                "This is no private key that can be used: give an RSA key of 2048 to 8192 bits, or ECDSA P-256.")
        }
    }

    /// Reads PEM text, like ``init(_:)``.
    public init(pem: String) throws(IdentityError) { try self.init(pem.utf8) }

    /// The kind of the key.
    public var scheme: KeyScheme {
        switch key {
        case .rsa: .rsa
        case .ecdsa: .ecdsa
        }
    }

    /// The size of the key in bits; 256 for ECDSA.
    public var bits: Int {
        switch key {
        case .rsa(let key): key.keySizeInBits
        case .ecdsa: 256
        }
    }

    /// The key as PEM text in the form PKCS#8, which every Rembus component can read. It must be kept secret.
    public var pem: String {
        switch key {
        case .rsa(let key): KeyFormat.pem(key.pkcs8DERRepresentation, label: "PRIVATE KEY")
        case .ecdsa(let key): KeyFormat.pem(key.derRepresentation, label: "PRIVATE KEY")
        }
    }

    /// The public half as PEM text in the form SubjectPublicKeyInfo, for the broker.
    public var publicKeyPEM: [UInt8] {
        switch key {
        case .rsa(let key): Array(KeyFormat.pem(key.publicKey.derRepresentation, label: "PUBLIC KEY").utf8)
        case .ecdsa(let key): Array(KeyFormat.pem(key.publicKey.derRepresentation, label: "PUBLIC KEY").utf8)
        }
    }

    /// Signs the bytes: PKCS#1 v1.5, or ECDSA in DER, both with SHA-256.
    func signature(for bytes: [UInt8]) throws(IdentityError) -> [UInt8] {
        do {
            switch key {
            case .rsa(let key):
                return Array(
                    try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5).rawRepresentation)
            case .ecdsa(let key): return Array(try key.signature(for: bytes).derRepresentation)
            }
        } catch {
            throw IdentityError(.cryptography, "The private key cannot sign; it may be damaged. Register anew.")
        }
    }

    private static func der(_ bytes: [UInt8]) throws(IdentityError) -> [UInt8] {
        guard let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN") else { return bytes }
        guard let block = KeyFormat.block(in: text, where: { $0.hasSuffix("PRIVATE KEY") }) else {
            throw IdentityError(.invalidKey, "The PEM text holds no private key.")
        }
        guard !block.hasHeaders, block.label != "ENCRYPTED PRIVATE KEY" else {
            throw IdentityError(
                .invalidKey, "The private key is encrypted with a passphrase; store it decrypted, with mode 0600.")
        }
        return block.der
    }
}

// Output of a key, including a mirror of it, must not show it.
extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind and size of the key, not the key.
    public var description: String { "private \(scheme.rawValue) key of \(bits) bits" }

    /// The kind and size of the key, not the key.
    public var debugDescription: String { description }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
#endif
