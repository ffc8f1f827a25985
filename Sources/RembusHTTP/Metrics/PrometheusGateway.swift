import NIOCore
import NIOHTTP1
import NIOPosix
package import RembusBroker
package import RembusListening
package import RembusMetrics

/// A port for metrics only (behaviour.md §18). It answers every path, in plain HTTP.
package struct PrometheusGateway: Gateway {
    package let option = "--prometheus"
    private let metrics: PrometheusRegistry

    /// The most connections at a time. The limits of the broker's other listeners do not apply here, because monitoring
    /// has to work when the broker is full.
    private static let maxConnections = 64
    private static let connectionsPerSecond = 100

    package init(metrics: PrometheusRegistry) {
        self.metrics = metrics
    }

    package func address(_ configuration: BrokerConfiguration) -> ListenAddress? {
        configuration.address(configuration.gateways.prometheusPort ?? 0, configuration.gateways.prometheusSocket)
    }

    package func open(on host: GatewayHost) async throws -> OpenGateway {
        let metrics = self.metrics
        let configuration = host.configuration
        let address = configuration.address(
            configuration.gateways.prometheusPort ?? 0, configuration.gateways.prometheusSocket)
        let admission = ConnectionAdmission(
            maxConnections: 0, maxPerAddress: 0, handshakesPerSecond: Self.connectionsPerSecond)
        // These connections use descriptors that are reserved for files.
        let connections = ScrapeConnections(
            limit: min(Self.maxConnections, Descriptors.reserve(ofLimit: Descriptors.limit) / 4))
        let listener = try await ServerBootstrap.forLinks(group: host.group, admission: admission)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.whenPeerIsKnown(host.listening, admission: nil) { _ in
                        let pipeline = channel.pipeline.syncOperations
                        connections.opened(channel)
                        let watch = MetricsRequestGuard()
                        try pipeline.addHandler(watch)
                        let bytes = RequestBytes()
                        try pipeline.addHandler(bytes)
                        try pipeline.configureHTTPServerPipeline(withErrorHandling: false)
                        try pipeline.addHandler(
                            MetricsResponder(watch: watch, connections: connections, bytes: bytes) {
                                await host.collectMetrics()
                                return metrics.text()
                            })
                    }
                }
            }
            .bind(to: address)
        let url = address.url(scheme: "http", port: listener.localAddress?.port)
        return OpenGateway(
            addresses: ["\(url)/metrics"], answersWhileStopping: true,
            stopAccepting: { try? await listener.close().get() })
    }
}
