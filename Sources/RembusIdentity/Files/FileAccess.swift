import Foundation

/// What other users may be able to do with a file that is read.
package enum FileAccess: Sendable {
    /// Nothing: it holds a secret.
    case owner
    /// Read it, but not change it: it holds a public key.
    case readers
    /// Whatever they could before: another program has made the file.
    case anyone

    /// The permission bits that must not be set.
    var forbidden: mode_t {
        switch self {
        case .owner: 0o077
        case .readers: 0o022
        case .anyone: 0
        }
    }

    func problem(_ path: String) -> IdentityError {
        switch self {
        case .owner:
            IdentityError(
                .insecureFile, "\(path) holds a secret, but others may read or change it: chmod 600 '\(path)'")
        case .readers, .anyone:
            IdentityError(.insecureFile, "\(path) proves identities, but others may change it: chmod go-w '\(path)'")
        }
    }
}
