import Foundation
import Logging
import Metrics
import Rembus
import RembusBroker
import RembusHTTP
import RembusMQTTServer
import RembusMesh
import RembusMetrics

/// Makes the gateways that a configuration asks for.
struct GatewayComposer {
    let configuration: BrokerConfiguration
    let logger: Logger
    /// The metrics that gateways show.
    var metrics = PrometheusRegistry()

    private var hasHTTP: Bool { configuration.gateways.httpPort != nil || configuration.gateways.httpSocket != nil }
    private var hasMetrics: Bool {
        configuration.gateways.prometheusPort != nil || configuration.gateways.prometheusSocket != nil
    }

    /// The metrics factory: the registry that gateways show, if there is one, together with the program's own factory.
    var factory: any MetricsFactory {
        let programs = MetricsSystem.factory
        guard hasHTTP || hasMetrics else { return programs }
        return programs is NOOPMetricsHandler ? metrics : MultiplexMetricsHandler(factories: [metrics, programs])
    }

    /// Throws ``BrokerError`` for settings that cannot be used.
    func gateways() throws -> [any Gateway] {
        let settings = configuration.gateways
        var gateways: [any Gateway] = []
        if hasHTTP || hasMetrics { metrics.describe(BrokerMetrics.descriptions + StorageMetrics.descriptions) }
        if settings.zmqPort != nil || settings.zmqSocket != nil {
            #if WITH_ZEROMQ
            gateways.append(ZeroMQGateway())
            #else
            throw BrokerError(
                BrokerSettings.asWritten(
                    "this rembus was built without ZeroMQ; --zmq is not possible", in: configuration))
            #endif
        }
        if hasHTTP { gateways.append(HTTPGateway(metrics: metrics)) }
        if settings.mqttPort != nil || settings.mqttSocket != nil {
            gateways.append(MQTTGateway(folder: configuration.folder.path))
        }
        if !settings.peers.isEmpty {
            var component = ComponentConfiguration()
            component.directory = configuration.root.path
            gateways.append(try PeerGateway(urls: settings.peers, component))
        }
        if let bridge = try bridge() { gateways.append(bridge) }
        if hasMetrics { gateways.append(PrometheusGateway(metrics: metrics)) }
        return gateways
    }

    /// The bridge; nil when none is configured.
    func bridge() throws -> MQTTBridge? {
        guard let url = configuration.gateways.mqttBridge else { return nil }
        var component = ComponentConfiguration()
        component.directory = configuration.root.path
        return try MQTTBridge(url: url, tls: { [component] in try component.tlsContext(protocol: "mqtt") })
    }
}
