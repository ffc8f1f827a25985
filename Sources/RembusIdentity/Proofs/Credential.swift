#if WITH_KEYS
import Crypto
#endif
import Foundation

/// The key or the secret with which a component proves its identity.
public enum Credential: Sendable {
    /// The private half of a key pair, whose public half the broker knows.
    case privateKey(PrivateKey)
    /// A text that the broker knows too. Key pairs are safer, because whoever can read the broker's disk can log in
    /// with this.
    case sharedSecret(String)

    /// The answer to a challenge (protocol.md §7.4).
    ///
    /// - Parameters:
    ///   - challenge: The challenge of the broker, of any length.
    ///   - name: The component's name, as in the Attestation.
    /// - Throws: ``IdentityError`` when the key cannot sign.
    package func signature(challenge: [UInt8], name: String) throws(IdentityError) -> [UInt8] {
        #if WITH_KEYS
        switch self {
        case .privateKey(let key):
            try key.signature(for: Attestation.signedBytes(challenge: challenge, text: name))
        case .sharedSecret(let secret):
            Array(SHA256.hash(data: Attestation.signedBytes(challenge: challenge, text: secret)))
        }
        #else
        throw .withoutKeys
        #endif
    }

    /// Reads the content of a component's secret file: a private key in PEM or DER, or a shared secret in the first
    /// line.
    ///
    /// Throws ``IdentityError`` for a key that cannot be used and for an empty secret.
    public init(fileContent: some Sequence<UInt8>) throws(IdentityError) {
        #if WITH_KEYS
        let bytes = Array(fileContent)
        // Keys in DER begin with lengths and version numbers. These are control characters, which no line of text
        // contains.
        let isText = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        guard isText, let text = String(validating: bytes, as: UTF8.self), !text.contains("-----BEGIN") else {
            self = .privateKey(try PrivateKey(bytes))
            return
        }
        self = .sharedSecret(try SharedSecret.firstLine(of: text))
        #else
        throw .withoutKeys
        #endif
    }
}

// Output of a credential, including a mirror of it, must not show it.
extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind of credential.
    public var description: String {
        switch self {
        case .privateKey(let key): key.description
        case .sharedSecret: "shared secret"
        }
    }

    /// The kind of credential.
    public var debugDescription: String { description }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
