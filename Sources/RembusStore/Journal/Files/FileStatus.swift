#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The owner of a file and its permissions.
package struct FileStatus: Sendable {
    private let status: stat

    /// Nil when the file is missing or cannot be examined.
    package init?(_ path: String, followsLink: Bool = true) {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        self.status = status
    }

    package var mode: UInt32 { UInt32(status.st_mode & 0o7777) }
    package var owner: UInt32 { UInt32(status.st_uid) }
    package var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }
    package var isLink: Bool { status.st_mode & S_IFMT == S_IFLNK }
    package var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }
    package var isOurs: Bool { status.st_uid == geteuid() }
    package var byteCount: Int { Int(status.st_size) }
    /// The owner's name, or the number of a user who has none.
    package var ownerName: String { Self.name(of: status.st_uid) }

    /// The name of the user that this process runs as.
    package static var ourName: String { name(of: geteuid()) }

    private static func name(of user: uid_t) -> String {
        getpwuid(user).flatMap { $0.pointee.pw_name }.map { String(cString: $0) } ?? "user \(user)"
    }
}
