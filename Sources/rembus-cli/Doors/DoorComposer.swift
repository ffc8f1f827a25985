import Foundation
import Logging
import Metrics
import Rembus
import RembusBroker
import RembusHTTP
import RembusMQTTServer
import RembusMetrics

/// Makes the doors that a configuration asks for.
struct DoorComposer {
    let configuration: BrokerConfiguration
    let logger: Logger

    /// Throws ``CommandFailure`` for settings that cannot be used.
    func doors() throws -> [any Door] {
        let settings = configuration.doors
        var doors: [any Door] = []
        let metrics = PrometheusRegistry.shared
        let hasHTTP = settings.httpPort != nil || settings.httpSocket != nil
        let hasMetrics = settings.prometheusPort != nil || settings.prometheusSocket != nil
        if hasHTTP || hasMetrics {
            metrics.describe(BrokerMetrics.descriptions + StorageMetrics.descriptions)
            metrics.install()
        }
        if settings.zmqPort != nil || settings.zmqSocket != nil {
            #if ZeroMQ
            doors.append(ZeroMQDoor())
            #else
            throw CommandFailure(
                BrokerSettings.asWritten(
                    "this rembus was built without ZeroMQ; --zmq is not possible", broker: configuration.name))
            #endif
        }
        if hasHTTP { doors.append(HTTPDoor(metrics: metrics)) }
        if settings.mqttPort != nil || settings.mqttSocket != nil {
            let folder = BrokerSettings.directory().appendingPathComponent(configuration.name)
            doors.append(MQTTDoor(folder: folder.path))
        }
        if let bridge = try bridge() { doors.append(bridge) }
        if hasMetrics { doors.append(PrometheusDoor(metrics: metrics)) }
        return doors
    }

    /// nil when none is asked for.
    func bridge() throws -> MQTTBridge? {
        guard let url = configuration.doors.mqttBridge else { return nil }
        do throws(BrokerError) {
            return try MQTTBridge(url: url, tls: { try ComponentConfiguration().tlsContext(protocol: "mqtt") })
        } catch {
            throw CommandFailure(BrokerSettings.asWritten(error.description, broker: configuration.name))
        }
    }
}
