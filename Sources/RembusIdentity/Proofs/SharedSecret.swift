#if WITH_KEYS
import Crypto
import Foundation

/// A secret that a component and the broker have in common (protocol.md §7.4).
package struct SharedSecret: Sendable {
    private let text: String

    /// The least number of characters of a new secret. Shorter ones can be guessed from one login that was overheard
    /// (known-defects.md S11).
    package static let minimumCharacters = 16

    /// The longest secret, in bytes.
    package static let maximumBytes = 4096

    /// Makes a new secret.
    ///
    /// Throws ``IdentityError`` unless it is one line with at least 16 characters and at most 4096 bytes.
    package init(new text: String) throws(IdentityError) {
        guard text.count >= Self.minimumCharacters, text.utf8.count <= Self.maximumBytes else {
            throw IdentityError(
                .invalidSecret,
                "A shared secret has \(Self.minimumCharacters) characters or more, \(Self.maximumBytes) bytes at most.")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw IdentityError(.invalidSecret, "A shared secret is one line without control characters.")
        }
        self.text = text
    }

    /// Reads the secret from a file's content, whatever its length, because it was accepted when it was set.
    package init(fileContent: [UInt8]) throws(IdentityError) {
        guard let text = String(validating: fileContent, as: UTF8.self) else {
            throw IdentityError(.invalidSecret, "The file with the shared secret is not text in UTF-8.")
        }
        self.text = try Self.firstLine(of: text)
    }

    /// The file's content: the secret and a newline.
    var fileContent: [UInt8] { Array(text.utf8) + [0x0A] }

    /// Whether this is the hash of the challenge and the secret.
    func isValid(_ digest: [UInt8], challenge: [UInt8]) -> Bool {
        let expected = SHA256.hash(data: Attestation.signedBytes(challenge: challenge, text: text))
        return ConstantTime.equal(digest, Array(expected))
    }

    /// Whether this is the secret, for protocols that send the secret itself: HTTP's Basic and MQTT's password.
    func isSame(as shown: [UInt8]) -> Bool {
        // Both are hashed first, so that the time does not depend on the length either.
        ConstantTime.equal(Array(SHA256.hash(data: shown)), Array(SHA256.hash(data: Array(text.utf8))))
    }

    /// The first line without its line end. Throws when it is empty.
    static func firstLine(of text: String) throws(IdentityError) -> String {
        let line = text.prefix { !$0.isNewline }
        guard !line.isEmpty else {
            throw IdentityError(.invalidSecret, "The first line must hold the shared secret, but is empty.")
        }
        return String(line)
    }
}

extension SharedSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Does not show the secret.
    package var description: String { "shared secret" }

    /// Does not show the secret.
    package var debugDescription: String { description }

    /// A mirror without children.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
#endif
