import Logging
import RembusBroker
import RembusTransport
import RembusWire

/// What SIGHUP does: reads settings, certificates and rights again as a whole, and takes over all of it or nothing.
struct SettingsReload: Sendable {
    let broker: Broker
    let logger: Logger
    let control: LogControl
    /// Reads file, environment and options as at the start.
    let read: @Sendable () throws -> BrokerConfiguration

    func perform() {
        let wanted: BrokerConfiguration
        do {
            wanted = try read()
            let problems = ConfigurationCheck(configuration: wanted).problems()
            guard problems.isEmpty else { throw CommandFailure(problems.joined(separator: "\n")) }
            let source = CertificateSource(wanted)
            let running = broker.configuration
            try broker.adopt(
                wanted, certificates: running.security.isSecure && wanted.security.isSecure ? source.files : nil)
            if wanted.logLevel != running.logLevel { control.set(wanted.logLevel) }
            tell(running, wanted)
        } catch {
            broker.settingsWereRefused()
            for line in "\(error)".split(separator: "\n") {
                logger.error("nothing is read again, the broker goes on as before: \(line)")
            }
        }
    }

    /// Writes down what is different from now on, and what would be after a restart. Values are shown as `--print-config`
    /// shows them, without passwords.
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
