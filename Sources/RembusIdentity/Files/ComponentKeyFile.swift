import Foundation

/// The file that a component keeps its credential in: `<REMBUS_DIR>/<name>/.secret` (behaviour.md §19.3).
package struct ComponentKeyFile: Sendable {
    /// Where the file is.
    package let path: String

    /// - Parameters:
    ///   - directory: The root directory, `REMBUS_DIR`.
    ///   - name: The component's name. Slashes in it are folders, as in the reference; parts that would lead elsewhere are
    ///     encoded.
    package init(directory: String, name: String) {
        let folders = name.split(separator: "/", omittingEmptySubsequences: false).map { FileName.encoded(String($0)) }
        path = ([directory] + folders + [".secret"]).joined(separator: "/")
    }

    /// What the file holds; nil when there is none. Blocks on the disk.
    ///
    /// Throws ``IdentityError`` when the file is open to others (mode 0600 is right), or holds no usable credential.
    package func read() throws(IdentityError) -> Credential? {
        // A link is fine: secrets that a container platform mounts are links.
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

    /// Stores a key that the broker has accepted; with mode 0600, in a folder with mode 0700.
    ///
    /// Throws ``IdentityError``: `alreadyExists` rather than lose the key that is there.
    package func write(_ key: PrivateKey) throws(IdentityError) {
        try SecretFile.write(Array(key.pem.utf8), to: path, exclusively: true)
    }

    /// Removes the file; false when there was none.
    @discardableResult
    package func remove() throws(IdentityError) -> Bool { try SecretFile.remove(path) }
}
