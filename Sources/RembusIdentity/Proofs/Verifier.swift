#if WITH_KEYS
import Crypto
import Foundation

/// What a broker knows of a name to check its proofs with. Its kind comes from the name of the file that it was read from,
/// never from the content: a key must not pass for a secret that everybody can read (known-defects.md S12).
package enum Verifier: Sendable {
    /// The public half of a key pair.
    case publicKey(PublicKey)
    /// A secret that both sides know.
    case sharedSecret(SharedSecret)

    /// Whether the signature proves the name for this challenge (protocol.md §7.4). Never traps.
    package func isValid(_ signature: [UInt8], challenge: [UInt8], name: String) -> Bool {
        switch self {
        case .publicKey(let key): key.isValid(signature, challenge: challenge, name: name)
        case .sharedSecret(let secret): secret.isValid(signature, challenge: challenge)
        }
    }

    /// Whether `shown` is the secret of the name. Never for a name with a key pair: everybody can read the public half
    /// (known-defects.md S13).
    package func isSecret(_ shown: [UInt8]) -> Bool {
        switch self {
        case .publicKey: false
        case .sharedSecret(let secret): secret.isSame(as: shown)
        }
    }
}
#endif
