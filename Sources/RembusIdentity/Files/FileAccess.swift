import Foundation

/// The access that other users may have to a file that is read.
package enum FileAccess: Sendable {
    /// None, because the file contains a secret.
    case owner
    /// They may read it but not change it, because it contains a public key.
    case readers
    /// Any, because another program has made the file.
    case anyone

    /// The mode bits that must not be set.
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
