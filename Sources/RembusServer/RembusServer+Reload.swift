import Foundation
import Logging
public import RembusBroker
import RembusTransport
import RembusWire

/// Reloading, as SIGHUP does for the command: settings, certificates and rights are read again. All of them are taken
/// over, or none.
extension RembusServer {
    /// Takes over those settings of another configuration that can change while the server runs, and reads certificates
    /// and rights again. The log tells what has changed, and which changes need a restart. Blocks on the disk.
    ///
    /// - Throws: ``BrokerError`` with all problems. Nothing has changed then.
    public func reload(_ configuration: BrokerConfiguration) throws {
        do {
            try BrokerSettings.check(configuration)
            try adopt(configuration)
        } catch {
            broker.settingsWereRefused()
            throw BrokerError(error)
        }
    }

    /// Reloads a configuration that `read` returns. Problems are logged.
    ///
    /// - Parameter read: Reads file, environment and options as at the start.
    package func reload(reading read: () throws -> BrokerConfiguration) {
        do {
            try adopt(try read())
        } catch {
            broker.settingsWereRefused()
            for line in "\(error)".split(separator: "\n") {
                logger.error("nothing is read again, the broker goes on as before: \(line)")
            }
        }
    }

    private func adopt(_ configuration: BrokerConfiguration) throws {
        let running = broker.configuration
        var wanted = configuration
        if wanted.directory == nil { wanted.directory = running.directory }
        guard wanted.root.path == running.root.path else {
            throw BrokerError(
                "a server that runs keeps its folder, \(running.root.path), and cannot go on in \(wanted.root.path)")
        }
        let problems = ConfigurationCheck(configuration: wanted).problems()
        guard problems.isEmpty else { throw BrokerError(problems.joined(separator: "\n")) }
        let source = CertificateSource(wanted)
        try broker.adopt(
            wanted, certificates: running.security.isSecure && wanted.security.isSecure ? source.files : nil)
        if wanted.logLevel != running.logLevel { level.set(wanted.logLevel) }
        tell(running, wanted)
    }

    /// Logs the settings that have changed, and those that would change with a restart. Values are shown as by
    /// `--print-config`, without passwords.
    private func tell(_ before: BrokerConfiguration, _ wanted: BrokerConfiguration) {
        let adopted = before.adopting(wanted)
        let changes = BrokerSettings.differences(before, adopted)
        let rest = BrokerSettings.differences(adopted, wanted)
        logger.notice(
            changes.isEmpty
                ? "settings, certificates and rights were read again; no setting that counts at once has changed"
                : "settings, certificates and rights were read again: \(changes.joined(separator: ", "))")
        if !rest.isEmpty { logger.warning("these settings count after a restart: \(rest.joined(separator: ", "))") }
    }
}

extension BrokerSettings {
    /// The settings that differ, each as `max_calls 10000 → 5`.
    static func differences(_ old: BrokerConfiguration, _ new: BrokerConfiguration) -> [String] {
        keys.compactMap { key in
            let (before, after) = (key.read(old), key.read(new))
            if before != after { return "\(key.name) \(before.jsonText) → \(after.jsonText)" }
            return nil
        }
    }
}
