/// Why a key, a secret or a proof of identity cannot be used. The text never contains keys or secrets.
public struct IdentityError: Error, Sendable, Hashable {
    /// What kind of failure this is.
    public enum Code: Sendable, Hashable {
        /// The bytes are not a key of an accepted kind and size.
        case invalidKey
        /// A secret does not satisfy the rules for secrets.
        case invalidSecret
        /// Other users have access to the file or its folder, or it is not a regular file.
        case insecureFile
        /// There is a file already, which must not be replaced.
        case alreadyExists
        /// The file system reported an error.
        case fileSystem
        /// The cryptography library reported an error.
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
