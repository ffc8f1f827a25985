import Foundation

/// Files with keys and secrets: only their owner has access to them (known-defects.md S18), and they are either
/// complete or absent. All methods block on the disk.
package enum SecretFile {
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - limit: The most bytes that it may have.
    ///   - access: The access that other users may have.
    ///   - followsLink: Whether the path may be a symbolic link, whose target then counts.
    /// - Throws: ``IdentityError``: `insecureFile` when others have more access or it is not a regular file,
    ///   `fileSystem` when it is missing, cannot be read or is too large.
    package static func read(
        _ path: String, limit: Int, access: FileAccess = .owner, followsLink: Bool = false
    ) throws(IdentityError) -> [UInt8] {
        guard let bytes = try readIfPresent(path, limit: limit, access: access, followsLink: followsLink) else {
            throw IdentityError(.fileSystem, "\(path) does not exist.")
        }
        return bytes
    }

    /// Reads a file as ``read(_:limit:access:followsLink:)`` does; nil when there is none.
    package static func readIfPresent(
        _ path: String, limit: Int, access: FileAccess = .owner, followsLink: Bool = false
    ) throws(IdentityError) -> [UInt8]? {
        // Without O_NONBLOCK, opening a named pipe would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: return nil
            case ELOOP: throw IdentityError(.insecureFile, "\(path) is a symbolic link; put the file itself there.")
            default: throw failure("cannot be opened", path)
            }
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be examined", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw IdentityError(.insecureFile, "\(path) is no plain file; move it away, and put the file itself there.")
        }
        guard status.st_mode & access.forbidden == 0 else { throw access.problem(path) }
        guard isSpelled(descriptor, path, followsLink) else { return nil }
        return try content(descriptor, path, limit)
    }

    private static func content(_ descriptor: CInt, _ path: String, _ limit: Int) throws(IdentityError) -> [UInt8] {
        var bytes: [UInt8] = []
        // Memory is allocated for the actual size, not for the largest possible one.
        var piece = [UInt8](repeating: 0, count: min(64 << 10, max(limit, 0) + 1))
        while bytes.count <= limit {
            let count = piece.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure("cannot be read", path)
            }
            bytes += piece.prefix(count)
        }
        throw IdentityError(
            .fileSystem,
            "\(path) has more than \(limit) bytes, so it is not what it should be; move it away, or restore a copy of it."
        )
    }

    /// Whether the file's name is spelled exactly as asked for. On a file system that ignores case, one name's key must
    /// not prove another name.
    private static func isSpelled(_ descriptor: CInt, _ path: String, _ followsLink: Bool) -> Bool {
        #if canImport(Darwin)
        guard !followsLink else { return true }
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        guard fcntl(descriptor, F_GETPATH, &buffer) == 0 else { return true }
        let actual = buffer.prefix { $0 != 0 }
        return actual.reversed().prefix { $0 != UInt8(ascii: "/") }
            .elementsEqual(path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") })
        #else
        return true
        #endif
    }

    static func failure(_ problem: String, _ path: String) -> IdentityError {
        IdentityError(.fileSystem, "\(path) \(problem): \(String(cString: strerror(errno))).")
    }
}
