import Foundation
import Logging
import RembusBroker
import RembusIdentity
import RembusTrust

/// Opens the broker's rights and keys, in the folder of its state.
struct TrustComposer {
    let configuration: BrokerConfiguration
    let logger: Logger

    private var folder: URL { configuration.folder }

    /// Throws a ``BrokerError`` when the rules cannot be read, because a broker must not start with fewer rules than it
    /// was given.
    func open() throws -> BrokerTrust {
        do {
            return BrokerTrust(
                store: try TrustStore(directory: folder.path, logger: logger),
                keys: BrokerKeys(directory: folder.appendingPathComponent("keys").path), audit: auditLog())
        } catch {
            throw BrokerError("\(error)")
        }
    }

    private func auditLog() -> AuditLog? {
        let settings = configuration.security
        guard settings.auditLog != "none" else { return nil }
        return AuditLog(
            path: settings.auditLog ?? folder.appendingPathComponent("audit.log").path,
            maximumBytes: settings.auditMaxBytes, logger: logger)
    }
}
