#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import RembusSupport

/// The file of a listening Unix socket. It has its mode from the first moment, replaces a file that nobody listens on,
/// and is removed at the end.
package final class UnixSocketFile: Sendable {
    package let path: String
    private let identity: Identity

    /// Identifies the socket file, so that a file of another process in its place is not removed.
    private struct Identity: Equatable {
        let device: UInt64
        let number: UInt64
    }

    /// Why a socket cannot be made, in a sentence.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// The longest path in the address of a socket.
    private static let longestPath = 107
    /// The folder in which a socket is bound before it gets its name. Other users cannot enter it.
    private static let workFolder = ".rbXXXXXX"
    private static let workName = "rembus-socket"

    /// Makes the socket with `bind` under a temporary path, and then renames it.
    ///
    /// Binding makes a file with the mode that the process's mask leaves, and fails when there is a file. A socket that
    /// is bound in a folder of our own and then renamed has its mode before anybody can reach it, and replaces an old
    /// file in one step.
    package static func make<Socket>(
        _ path: String, mode: UInt16, bind: (String) async throws -> Socket
    ) async throws -> (Socket, UnixSocketFile) {
        try checkPath(path)
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let lock = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard lock >= 0 else { throw failure("the folder \(parent) of the socket cannot be opened") }
        defer { close(lock) }
        // Two brokers that start at the same time must not both replace the file.
        guard FileLock.wait(lock) == .locked else {
            throw failure("the folder \(parent) of the socket cannot be locked")
        }
        try refuseUsed(path)
        var template = Array("\(parent)/\(workFolder)".utf8CString)
        guard mkdtemp(&template) != nil else { throw failure("no socket can be made in \(parent)") }
        let folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        let work = "\(folder)/\(workName)"
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer {
            unlink(work)
            rmdir(folder)
            if descriptor >= 0 { close(descriptor) }
        }
        // A path with the folder's descriptor, where the system has this, avoids the limit for longer paths.
        let short = "/proc/self/fd/\(descriptor)"
        let socket = try await bind(access(short, W_OK) == 0 ? "\(short)/\(workName)" : work)
        guard chmod(work, mode_t(mode)) == 0, let identity = identity(work), rename(work, path) == 0 else {
            throw failure("the socket \(path) cannot be made")
        }
        return (socket, UnixSocketFile(path, identity))
    }

    /// Throws when a socket cannot be made at the path, or when somebody listens on it.
    package static func check(_ path: String) throws {
        try checkPath(path)
        try refuseUsed(path)
    }

    private static func checkPath(_ path: String) throws {
        guard path.hasPrefix("/") else {
            throw Failure(description: "the path of a Unix socket begins with /, not as in \(path)")
        }
        guard path.utf8.count <= longestPath else {
            throw Failure(
                description: "the path of a Unix socket has at most \(longestPath) bytes, not \(path.utf8.count)")
        }
    }

    private init(_ path: String, _ identity: Identity) {
        (self.path, self.identity) = (path, identity)
    }

    /// Removes the file, unless another one has taken its place.
    package func remove() {
        if Self.identity(path) == identity { unlink(path) }
    }

    private static func identity(_ path: String) -> Identity? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return Identity(device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino))
    }

    /// Throws when there is a file that is not a socket, or a socket that somebody listens on.
    private static func refuseUsed(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw Failure(description: "\(path) is a file, and no socket; remove it, or choose another path")
        }
        #if canImport(Darwin)
        let kind = SOCK_STREAM
        #else
        let kind = CInt(SOCK_STREAM.rawValue)
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw failure("no socket can be opened") }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: path.utf8.prefix(target.count - 1))
        }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        // Only a refused connection proves that nobody listens. Without the right to connect this is not known.
        guard result != 0, errno == ECONNREFUSED else {
            throw Failure(description: "somebody listens on \(path); stop the other process or choose another path")
        }
    }

    private static func failure(_ text: String) -> Failure {
        Failure(description: "\(text): \(strerror(errno).map { String(cString: $0) } ?? "error \(errno)")")
    }
}
