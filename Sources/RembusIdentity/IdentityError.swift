/// Why a key, a secret or a proof of identity cannot be used. The text never holds key material or a secret.
public struct IdentityError: Error, Sendable, Hashable {
    /// What kind of failure this is.
    public enum Code: Sendable, Hashable {
        /// The bytes are no key of an accepted kind and size.
        case invalidKey
        /// A secret does not satisfy the rules for secrets.
        case invalidSecret
        /// The file, or the folder around it, is open to other users, or is no plain file.
        case insecureFile
        /// There is a file already that must not be replaced.
        case alreadyExists
        /// The file system refused.
        case fileSystem
        /// The cryptography library refused.
        case cryptography
    }

    /// The kind of failure.
    public var code: Code

    /// A sentence that says what is wrong and, where possible, what to do.
    public var message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension IdentityError: CustomStringConvertible {
    /// The sentence.
    public var description: String { message }
}
