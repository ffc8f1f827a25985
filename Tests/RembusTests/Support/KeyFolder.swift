import Foundation

@testable import Rembus

/// A folder for settings and keys that goes with the test.
final class KeyFolder: Sendable {
    let path = FileManager.default.temporaryDirectory.path + "/rembus-keys-\(UUID().uuidString)"

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A file below the folder.
    func file(_ name: String) -> String { path + "/" + name }

    func put(_ name: String, _ content: String, mode: Int = 0o600) throws {
        let url = URL(fileURLWithPath: file(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: url)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    func content(_ name: String) -> String? {
        FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    func mode(_ name: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file(name))
        return attributes?[.posixPermissions] as? Int
    }
}

extension ComponentConfiguration {
    /// A configuration whose keys are in the folder.
    static func test(
        _ folder: KeyFolder, _ adjust: (inout ComponentConfiguration) -> Void = { _ in }
    ) -> ComponentConfiguration {
        .test {
            $0.directory = folder.path
            adjust(&$0)
        }
    }
}
