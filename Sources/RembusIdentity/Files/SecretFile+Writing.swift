import Foundation
import RembusSupport

extension SecretFile {
    /// Writes a file with mode 0600, and makes missing folders with mode 0700. After a crash there is either the old
    /// file or the new one, never a part.
    ///
    /// - Parameters:
    ///   - bytes: The content.
    ///   - path: The file.
    ///   - exclusively: Whether an existing file is an error instead of being replaced.
    /// - Throws: ``IdentityError``: `alreadyExists`, or `fileSystem` when the file cannot be written.
    package static func write(_ bytes: [UInt8], to path: String, exclusively: Bool) throws(IdentityError) {
        let folder = parent(path)
        try makeFolder(folder)
        let (temporary, descriptor) = try makeUnfinished(in: folder)
        // The file is open, and so locked, while it is unfinished. The lock tells others that it is in use.
        defer { close(descriptor) }
        try write(bytes, toUnfinished: temporary, descriptor)
        // `link` never replaces a file, so only one of two writers succeeds.
        let result = exclusively ? link(temporary, path) : rename(temporary, path)
        let reason = errno
        if exclusively || result != 0 { unlink(temporary) }
        guard result == 0 else {
            if reason == EEXIST { throw IdentityError(.alreadyExists, "\(path) exists already.") }
            errno = reason
            throw failure("cannot be written", path)
        }
        synchronize(folder)
    }

    /// The prefix of the names of unfinished files.
    private static let unfinished = ".new-"

    /// Removes unfinished files of writers that ended during their work, since they may contain keys and secrets that
    /// nobody knows of. Files that are being written stay.
    package static func removeUnfinished(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(unfinished) {
            let path = "\(folder)/\(name)"
            let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            if FileLock.take(descriptor) == .locked { unlink(path) }
            close(descriptor)
        }
    }

    /// Removes a file. Returns false when there was none.
    package static func remove(_ path: String) throws(IdentityError) -> Bool {
        guard unlink(path) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return false }
            throw failure("cannot be removed", path)
        }
        synchronize(parent(path))
        return true
    }

    /// Makes a folder that only its owner may enter, and missing folders above it. An existing one stays as it is.
    package static func makeFolder(_ path: String) throws(IdentityError) {
        guard !path.isEmpty else { return }
        guard mkdir(path, 0o700) != 0 else { return synchronize(parent(path)) }
        switch errno {
        case EEXIST: return
        case ENOENT:
            let above = parent(path)
            guard above != path else { throw failure("cannot be made", path) }
            try makeFolder(above)
            guard mkdir(path, 0o700) != 0 else { return synchronize(above) }
            guard errno != EEXIST else { return }
            throw failure("cannot be made", path)
        default: throw failure("cannot be made", path)
        }
    }

    /// Makes a file that is locked until the descriptor is closed.
    private static func makeUnfinished(in folder: String) throws(IdentityError) -> (path: String, descriptor: CInt) {
        while true {
            let path = folder + "/" + unfinished + RandomBytes.make(12).map { String($0, radix: 36) }.joined()
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw failure("cannot be made", path) }
            // On a file system without locks, removing unfinished files gets no lock either.
            _ = FileLock.wait(descriptor)
            var status = stat()
            if fstat(descriptor, &status) != 0 || status.st_nlink > 0 { return (path, descriptor) }
            // Another process took the file for an abandoned one, before it was locked.
            close(descriptor)
        }
    }

    private static func write(
        _ bytes: [UInt8], toUnfinished path: String, _ descriptor: CInt
    ) throws(IdentityError) {
        do throws(IdentityError) {
            // The mask of the process may remove the owner's own access.
            guard fchmod(descriptor, 0o600) == 0 else { throw failure("cannot be protected", path) }
            try write(bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw failure("cannot be written", path) }
        } catch {
            unlink(path)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(IdentityError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                if written < 0, errno == EINTR { continue }
                throw failure("cannot be written", path)
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes the entries of a folder durable; not every file system can.
    private static func synchronize(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The folder of a path; `.` for a bare name, `/` for one in the root.
    private static func parent(_ path: String) -> String {
        let text = path.utf8
        guard let slash = text.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == text.startIndex ? "/" : String(path[..<slash])
    }
}
