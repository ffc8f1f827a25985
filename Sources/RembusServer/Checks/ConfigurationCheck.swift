import Foundation
import Logging
import NIOCore
package import RembusBroker
import RembusIdentity
import RembusLake
import RembusStore
import RembusTransport
import RembusTrust

/// Checks whether a broker with a configuration could start, without starting it or changing anything.
package struct ConfigurationCheck {
    let configuration: BrokerConfiguration

    package init(configuration: BrokerConfiguration) {
        self.configuration = configuration
    }

    private var folder: URL { configuration.folder }

    /// All problems, a sentence each; empty when the broker can start.
    package func problems() -> [String] {
        var problems: [String] = []
        func attempt(_ key: String? = nil, _ body: () throws -> Void) {
            do {
                try body()
            } catch {
                let text = BrokerSettings.asWritten(BrokerError.phrase("\(error)"), in: configuration)
                let origin = key.map { BrokerSettings.origin(of: $0, in: configuration) }
                // Many sentences contain the name of the setting already.
                let isNamed = origin.map { text.contains($0.text) } ?? true
                problems.append(text + (isNamed ? "" : origin?.note ?? ""))
            }
        }
        let storage = StorageComposer(
            configuration: configuration, logger: Logger(label: "check") { _ in SwiftLogNoOpLogHandler() },
            trust: TrustStore(logger: Logger(label: "check") { _ in SwiftLogNoOpLogHandler() }))
        attempt("record") { try storage.checkRecordPolicy() }
        attempt("schema") { try storage.checkSchema() }
        attempt("ducklake_url") {
            if let url = configuration.storage.lakeURL { _ = try CatalogLocation(url: url) }
        }
        attempt("mqtt") { _ = try GatewayComposer(configuration: configuration, logger: storage.logger).bridge() }
        attempt { _ = try CertificateSource(configuration).open() }
        attempt { try TrustStore.check(directory: folder.path) }
        attempt { _ = try BrokerKeys(directory: folder.appendingPathComponent("keys").path).names() }
        attempt("host") { try checkHost() }
        for (key, path) in folders { attempt(key) { try Self.checkFolder(path) } }
        return problems
    }

    private func checkHost() throws {
        do {
            _ = try SocketAddress.makeAddressResolvingHost(configuration.host, port: 0)
        } catch {
            throw BrokerError("the host \(configuration.host) cannot be resolved")
        }
    }

    /// The folders that the broker writes to, with the setting that names each.
    private var folders: [(key: String?, path: String)] {
        var folders: [(key: String?, path: String)] = [(nil, folder.path)]
        for part in ["journal", "keys"] where FileManager.default.fileExists(atPath: folder.path) {
            folders.append((nil, folder.appendingPathComponent(part).path))
        }
        if let path = configuration.storage.lakeDataPath, !path.contains("://") { folders.append(("data_path", path)) }
        if let log = configuration.security.auditLog, log != "none" {
            folders.append(("audit_log", URL(fileURLWithPath: log).deletingLastPathComponent().path))
        }
        return folders
    }

    /// Checks that a folder can be written to, or made in a folder above that can be written to.
    private static func checkFolder(_ path: String) throws {
        var url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        while !FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), url.path != "/" {
            url.deleteLastPathComponent()
        }
        if url.path == "/" { isFolder = true }
        guard isFolder.boolValue else { throw BrokerError("\(url.path) is a file, and would have to be a folder") }
        guard access(url.path, W_OK | X_OK) == 0 else {
            let made = url.path == URL(fileURLWithPath: path).path ? "" : ", so \(path) cannot be made"
            throw BrokerError(
                "the folder \(url.path) cannot be written\(made); `chown` or `chmod` it, or choose another")
        }
    }
}
