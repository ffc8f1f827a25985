#if WITH_KEYS
import Crypto
import Foundation

/// What a broker checks the proofs of a name with. The kind follows from the name of the file and never from its
/// content: a public key, which everybody can read, must not be taken for a secret (known-defects.md S12).
package enum Verifier: Sendable {
    /// The public half of a key pair.
    case publicKey(PublicKey)
    /// A secret that both sides have.
    case sharedSecret(SharedSecret)

    /// Whether the signature proves the name for this challenge (protocol.md §7.4). Never traps.
    package func isValid(_ signature: [UInt8], challenge: [UInt8], name: String) -> Bool {
        switch self {
        case .publicKey(let key): key.isValid(signature, challenge: challenge, name: name)
        case .sharedSecret(let secret): secret.isValid(signature, challenge: challenge)
        }
    }

    /// Whether `shown` is the secret of the name. Always false for a name with a key pair, because everybody can read
    /// the public half (known-defects.md S13).
    package func isSecret(_ shown: [UInt8]) -> Bool {
        switch self {
        case .publicKey: false
        case .sharedSecret(let secret): secret.isSame(as: shown)
        }
    }
}
#endif
