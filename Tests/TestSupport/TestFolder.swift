import Foundation

/// A folder of its own for one test; gone with the last reference.
package final class TestFolder: Sendable {
    package let path: String

    package init() throws {
        path = NSTemporaryDirectory() + "rembus-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, readable by its owner only unless said otherwise, and gives its path.
    @discardableResult
    package func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // A new file takes the place of the old one, as tools do that renew certificates.
        try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Writes `<name>.crt` and `<name>.key`.
    package func write(_ name: String, _ pair: TestCertificate) throws {
        try write("\(name).crt", pair.certificate)
        try write("\(name).key", pair.key)
    }
}
