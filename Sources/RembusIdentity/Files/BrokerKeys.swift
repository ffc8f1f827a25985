#if WITH_KEYS
import Foundation
import RembusSupport

/// The keys and secrets of the components that a broker knows, each in a file (protocol.md §7.4).
///
/// Files named `<name>.rsa.pem`, `<name>.ecdsa.pem`, and the same with `.der`, contain public keys; `<name>` alone is a
/// shared secret. Several brokers and tools may use one folder at the same time. All methods block on the disk, so they
/// must not be called on an event loop.
package struct BrokerKeys: Sendable {
    package typealias Kind = KeyFileKind

    /// The folder of the files.
    package let directory: String

    /// - Parameter directory: `<REMBUS_DIR>/<broker>/keys`. It is made when the first key is stored.
    package init(directory: String) {
        self.directory = directory
    }

    // MARK: Reading

    /// The verifier for proofs of this name; nil when the broker has no key or secret for it.
    ///
    /// Throws ``IdentityError`` when there is a file, but it cannot be used or others may change it. A login must then
    /// fail, and not count as one of a name without a key.
    package func verifier(for name: String) throws(IdentityError) -> Verifier? {
        try checkFolder()
        for kind in Kind.allCases {
            let path = path(name, kind)
            let access: FileAccess = kind == .sharedSecret ? .owner : .readers
            guard let bytes = try SecretFile.readIfPresent(path, limit: KeyFormat.maximumBytes, access: access) else {
                continue
            }
            do throws(IdentityError) {
                guard let scheme = kind.scheme else { return .sharedSecret(try SharedSecret(fileContent: bytes)) }
                return .publicKey(try PublicKey(bytes: bytes, scheme: scheme))
            } catch {
                throw IdentityError(error.code, "\(path) is unusable: \(error.message)")
            }
        }
        return nil
    }

    /// Whether the broker has a key or secret for the name, usable or not.
    package func contains(_ name: String) throws(IdentityError) -> Bool {
        for kind in Kind.allCases where try isPresent(path(name, kind)) { return true }
        return false
    }

    /// The names with a key or a secret, sorted, each with what it has: `rsa`, `ecdsa` or `secret`. A name that is too
    /// long for a file system is given as the name of its file.
    package func names() throws(IdentityError) -> [(name: String, kind: String)] {
        guard let folder = opendir(directory) else {
            if errno == ENOENT { return [] }
            throw SecretFile.failure("cannot be read", directory)
        }
        defer { closedir(folder) }
        var found: [(name: String, kind: String)] = []
        while let entry = readdir(folder) {
            let file = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            // Temporary files and the lock begin with a dot, which an encoded name does not.
            guard !file.hasPrefix(".") else { continue }
            let kind = Kind.allCases.first { !$0.suffix.isEmpty && file.hasSuffix($0.suffix) } ?? .sharedSecret
            let stem = String(file.dropLast(kind.suffix.count))
            found.append((FileName.decoded(stem) ?? stem, kind.scheme?.rawValue ?? "secret"))
        }
        return found.sorted { ($0.name, $0.kind) < ($1.name, $1.kind) }
    }

    // MARK: Writing

    /// Stores the public key of a name that has none yet.
    ///
    /// - Parameters:
    ///   - keyBytes: The key as the component has sent it. It is checked, and stored in the same form.
    ///   - scheme: The kind that the key must have.
    ///   - name: The component's name, which the caller has checked. Whatever it is, the file is inside of the folder.
    /// - Returns: False when the name has a key already. Of several calls at the same time only one returns true.
    /// - Throws: ``IdentityError`` when the key is refused, or cannot be written.
    package func store(_ keyBytes: [UInt8], scheme: KeyScheme, for name: String) throws(IdentityError) -> Bool {
        _ = try PublicKey(bytes: keyBytes, scheme: scheme)
        return try locked { () throws(IdentityError) in
            guard try !contains(name) else { return false }
            let kind = Kind(scheme, isPEM: KeyFormat.isPEM(keyBytes))
            try SecretFile.write(keyBytes, to: path(name, kind), exclusively: true)
            return true
        }
    }

    /// Sets the shared secret of a name, replacing an older secret.
    ///
    /// Throws ``IdentityError``: `invalidSecret` unless it is one line of at least 16 characters, `alreadyExists` when the
    /// name has a public key, which is the better proof.
    package func setSharedSecret(_ secret: String, for name: String) throws(IdentityError) {
        let secret = try SharedSecret(new: secret)
        try locked { () throws(IdentityError) in
            for kind in Kind.allCases where kind != .sharedSecret {
                guard try isPresent(path(name, kind)) else { continue }
                throw IdentityError(.alreadyExists, "\(name) has a public key; remove it before setting a secret.")
            }
            try SecretFile.write(secret.fileContent, to: path(name, .sharedSecret), exclusively: false)
        }
    }

    /// Removes all keys and secrets of the name. Returns false when there was none.
    package func remove(_ name: String) throws(IdentityError) -> Bool {
        guard try contains(name) else { return false }
        return try locked { () throws(IdentityError) in
            var wasPresent = false
            for kind in Kind.allCases where try SecretFile.remove(path(name, kind)) { wasPresent = true }
            return wasPresent
        }
    }

    // MARK: Files

    private func path(_ name: String, _ kind: Kind) -> String {
        directory + "/" + FileName.encoded(name) + kind.suffix
    }

    private func isPresent(_ path: String) throws(IdentityError) -> Bool {
        var status = stat()
        if lstat(path, &status) == 0 { return true }
        guard errno == ENOENT || errno == ENOTDIR else { throw SecretFile.failure("cannot be examined", path) }
        return false
    }

    /// A user who may add files to the folder could log in with any name.
    private func checkFolder() throws(IdentityError) {
        var status = stat()
        guard stat(directory, &status) == 0 else { return }
        guard status.st_mode & FileAccess.readers.forbidden == 0 else { throw FileAccess.readers.problem(directory) }
    }

    /// Runs a change while no other thread or process makes one, so that a name cannot get keys of two kinds.
    private func locked<R>(_ body: () throws(IdentityError) -> R) throws(IdentityError) -> R {
        try SecretFile.makeFolder(directory)
        let path = directory + "/.lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SecretFile.failure("cannot be opened", path) }
        defer { close(descriptor) }
        guard FileLock.wait(descriptor) == .locked else { throw SecretFile.failure("cannot be locked", path) }
        return try body()
    }
}
#endif
