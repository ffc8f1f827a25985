import Foundation
import Logging
import RembusBroker
import RembusStore

/// Opens the file of the last values of topics.
struct LastValueFile {
    let configuration: BrokerConfiguration
    let logger: Logger

    /// The name is from the time when only MQTT clients had last values.
    private var path: String { configuration.folder.appendingPathComponent("mqtt-retained").path }

    /// Without a source of last values no file is made, but an existing one is read.
    private var isNeeded: Bool {
        configuration.gateways.mqttPort != nil || configuration.gateways.mqttSocket != nil
            || !configuration.storage.lastValues.isEmpty || FileManager.default.fileExists(atPath: path)
    }

    /// - Parameter plan: How the memory is divided; nil when the storage has no part in it.
    func open(_ plan: MemoryPlan?, _ parts: OpenParts) throws -> LastValues {
        let plan = plan ?? MemoryPlan(configuration, hasLake: false)
        let values = LastValues(maxBytes: plan.retained)
        guard isNeeded else { return values }
        do {
            try values.use { each in
                try KeptTable(
                    path, "last values of topics", policy: configuration.storage.syncPolicy, logger: logger, each: each)
            }
        } catch {
            throw BrokerError("\(error)")
        }
        parts.whenStartFails { await values.close() }
        return values
    }
}
