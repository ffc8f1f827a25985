import Logging
import NIOCore
package import RembusBroker
package import RembusListening
import RembusMQTT
package import RembusTransport

/// The broker as a client of an MQTT broker (behaviour.md §10). Publications of each are published at the other.
package struct MQTTBridge: Gateway {
    package let option = "--mqtt"

    /// nil, because the bridge does not listen.
    package func address(_ configuration: BrokerConfiguration) -> ListenAddress? { nil }
    private let target: MQTTBridgeURL
    private let tls: TLSClientContext?

    /// Throws for a URL that cannot be used. `tls` is called if the URL requires TLS.
    package init(url: String, tls: () throws -> TLSClientContext) throws(BrokerError) {
        target = try MQTTBridgeURL(url)
        do {
            self.tls = target.isSecure ? try tls() : nil
        } catch {
            throw BrokerError("--mqtt: \(error)")
        }
    }

    /// Starts without waiting for the MQTT broker, which may not be running (known-defects.md R30).
    package func open(on host: GatewayHost) async throws -> OpenGateway {
        let filters = host.configuration.gateways.mqttTopicFilters
        for filter in filters where !MQTTTopics.isValidFilter(filter) {
            throw BrokerError("`mqtt_topic_filter`: \(filter.debugDescription) is no MQTT topic filter")
        }
        guard let eventLoop = host.eventLoops.first else { throw BrokerError("the broker has no event loop") }
        let target = target
        let dialer = MQTTDialer(
            host: target.host, port: target.port, tls: tls, options: target.options(host.linkConfiguration))
        let bridge = eventLoop.submit {
            let bridge = BridgeSession(
                host: host, eventLoop: eventLoop, dialer: dialer, target: target, filters: filters)
            bridge.start()
            return NIOLoopBound(bridge, eventLoop: eventLoop)
        }
        let made = try await bridge.get()
        return OpenGateway(
            addresses: [target.description],
            stopAccepting: { eventLoop.execute { made.value.prepareToStop() } },
            close: { try? await eventLoop.flatSubmit { made.value.stop() }.get() })
    }
}
