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
        if settings.httpPort != nil || settings.prometheusPort != nil {
            metrics.describe(BrokerMetrics.descriptions + StorageMetrics.descriptions)
            metrics.install()
        }
        if let port = settings.zmqPort {
            #if ZeroMQ
            doors.append(ZeroMQDoor(listeningOn: port))
            #else
            throw CommandFailure("this rembus was built without ZeroMQ; --zmq \(port) is not possible")
            #endif
        }
        if let port = settings.httpPort { doors.append(HTTPDoor(listeningOn: port, metrics: metrics)) }
        if let port = settings.mqttPort {
            let folder = BrokerSettings.directory().appendingPathComponent(configuration.name)
            doors.append(MQTTDoor(listeningOn: port, folder: folder.path))
        }
        if let url = settings.mqttBridge {
            do throws(BrokerError) {
                doors.append(
                    try MQTTBridge(url: url, tls: { try ComponentConfiguration().tlsContext(protocol: "mqtt") }))
            } catch {
                throw CommandFailure(error.description)
            }
        }
        if let port = settings.prometheusPort { doors.append(PrometheusDoor(listeningOn: port, metrics: metrics)) }
        return doors
    }
}
