import Foundation

/// The file that a component keeps its credential in: `<REMBUS_DIR>/<name>/.secret` (behaviour.md §19.3).
package struct ComponentKeyFile: Sendable {
    /// The path of the file.
    package let path: String

    /// - Parameters:
    ///   - directory: The root directory, `REMBUS_DIR`.
    ///   - name: The component's name. Slashes in it separate folders, as in the reference. Parts that would lead
    ///     elsewhere are encoded.
    package init(directory: String, name: String) {
        let folders = name.split(separator: "/", omittingEmptySubsequences: false).map { FileName.encoded(String($0)) }
        path = ([directory] + folders + [".secret"]).joined(separator: "/")
    }

    /// The credential in the file; nil when there is no file. Blocks on the disk.
    ///
    /// Throws ``IdentityError`` when others have access to the file (its mode should be 0600), or it contains no usable
    /// credential.
    package func read() throws(IdentityError) -> Credential? {
        // A symbolic link is accepted, because secrets that a container platform mounts are links.
        let limit = KeyFormat.maximumBytes
        guard let content = try SecretFile.readIfPresent(path, limit: limit, followsLink: true) else { return nil }
        do throws(IdentityError) {
            return try Credential(fileContent: content)
        } catch {
            throw IdentityError(error.code, "\(path) is unusable: \(error.message)")
        }
    }

    /// Whether there is a file, readable or not.
    package var exists: Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Stores a key that the broker has accepted, with mode 0600 in a folder with mode 0700.
    ///
    /// Throws ``IdentityError``: `alreadyExists` when there is a key, which is not replaced.
    package func write(_ key: PrivateKey) throws(IdentityError) {
        try SecretFile.write(Array(key.pem.utf8), to: path, exclusively: true)
    }

    /// Removes the file; false when there was none.
    @discardableResult
    package func remove() throws(IdentityError) -> Bool { try SecretFile.remove(path) }
}
