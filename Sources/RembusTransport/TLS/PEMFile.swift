#if WITH_TLS
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Reads files of certificates and keys. Its errors name the file and the problem.
package struct PEMFile {
    /// The purpose of the file in error messages: `certificate file`.
    let role: String
    let path: String
    /// The setting that the file comes from in error messages: `HTTP_CA_BUNDLE`.
    let origin: String?
    /// Whether the file contains a key, which not every user of the machine may read (known-defects.md S18).
    let isSecret: Bool

    /// Far more than any chain or bundle of authorities. A wrong path may name a huge file.
    private static let maxBytes = 4 << 20

    package init(role: String, path: String, origin: String? = nil, isSecret: Bool = false) {
        self.role = role
        self.path = path
        self.origin = origin
        self.isSecret = isSecret
    }

    /// The bytes of the file.
    func read() throws(TLSFailure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw cannotOpen(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw failure("is not a file") }
        // The open file is checked instead of its name, which could refer to another file meanwhile.
        if isSecret, status.st_mode & 0o007 != 0 {
            throw failure("can be read or changed by every user of this machine; run: chmod 600 '\(path)'")
        }
        guard status.st_size <= Self.maxBytes else { throw failure("is too large to be a PEM file") }
        return try readAll(descriptor, expected: Int(status.st_size))
    }

    private func readAll(_ descriptor: Int32, expected: Int) throws(TLSFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= Self.maxBytes {
            let count = chunk.withUnsafeMutableBytes { Self.read(descriptor, $0) }
            guard count >= 0 else { throw failure("cannot be read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
        throw failure("is too large to be a PEM file")
    }

    private static func read(_ descriptor: Int32, _ target: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, target.baseAddress, target.count)
            #elseif canImport(Musl)
            let count = Musl.read(descriptor, target.baseAddress, target.count)
            #else
            let count = Darwin.read(descriptor, target.baseAddress, target.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private func cannotOpen(_ code: Int32) -> TLSFailure {
        switch code {
        case ENOENT, ENOTDIR: failure("does not exist")
        case EACCES, EPERM: failure("cannot be read: no permission")
        default: failure("cannot be opened")
        }
    }

    /// An error about this file.
    func failure(_ problem: String) -> TLSFailure {
        TLSFailure("the \(role) \(path) \(problem)\(origin.map { " (\($0))" } ?? "")")
    }
}
#endif
