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
    /// What those that show metrics show.
    var metrics = PrometheusRegistry()

    private var hasHTTP: Bool { configuration.doors.httpPort != nil || configuration.doors.httpSocket != nil }
    private var hasMetrics: Bool {
        configuration.doors.prometheusPort != nil || configuration.doors.prometheusSocket != nil
    }

    /// Where what happens is counted: in what the doors show, if one of them does, and wherever the program has its own
    /// metrics.
    var factory: any MetricsFactory {
        let programs = MetricsSystem.factory
        guard hasHTTP || hasMetrics else { return programs }
        return programs is NOOPMetricsHandler ? metrics : MultiplexMetricsHandler(factories: [metrics, programs])
    }

    /// Throws ```BrokerError``` for settings that cannot be used.
    func doors() throws -> [any Door] {
        let settings = configuration.doors
        var doors: [any Door] = []
        if hasHTTP || hasMetrics { metrics.describe(BrokerMetrics.descriptions + StorageMetrics.descriptions) }
        if settings.zmqPort != nil || settings.zmqSocket != nil {
            #if ZeroMQ
            doors.append(ZeroMQDoor())
            #else
            throw BrokerError(
                BrokerSettings.asWritten(
                    "this rembus was built without ZeroMQ; --zmq is not possible", in: configuration))
            #endif
        }
        if hasHTTP { doors.append(HTTPDoor(metrics: metrics)) }
        if settings.mqttPort != nil || settings.mqttSocket != nil {
            doors.append(MQTTDoor(folder: configuration.folder.path))
        }
        if let bridge = try bridge() { doors.append(bridge) }
        if hasMetrics { doors.append(PrometheusDoor(metrics: metrics)) }
        return doors
    }

    /// nil when none is asked for.
    func bridge() throws -> MQTTBridge? {
        guard let url = configuration.doors.mqttBridge else { return nil }
        var component = ComponentConfiguration()
        component.directory = configuration.root.path
        return try MQTTBridge(url: url, tls: { [component] in try component.tlsContext(protocol: "mqtt") })
    }
}
