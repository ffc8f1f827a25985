import NIOCore
import NIOHTTP1
import NIOPosix
package import RembusBroker
package import RembusMetrics
import RembusTransport

/// A port for metrics alone (behaviour.md §18): answers every path, in plain HTTP.
package struct PrometheusDoor: Door {
    package let option = "--prometheus"
    package let port: Int?
    private let metrics: PrometheusRegistry

    /// Connections at a time. The limits of the broker's other listeners are not used here: who watches over the broker
    /// has to get in when it is full.
    private static let maxConnections = 64
    private static let connectionsPerSecond = 100

    package init(listeningOn port: Int, metrics: PrometheusRegistry) {
        self.port = port
        self.metrics = metrics
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        let metrics = self.metrics
        let address = host.configuration.host
        let admission = ConnectionAdmission(
            maxConnections: Self.maxConnections, maxPerAddress: 0, handshakesPerSecond: Self.connectionsPerSecond)
        let listener = try await ServerBootstrap.forLinks(group: host.group, admission: admission)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    let watch = MetricsRequestGuard()
                    try pipeline.addHandler(watch)
                    try pipeline.configureHTTPServerPipeline()
                    try pipeline.addHandler(
                        MetricsResponder(watch: watch) {
                            await host.collectMetrics()
                            return metrics.text()
                        })
                }
            }
            .bind(host: address, port: port ?? 0).get()
        let shown = address.contains(":") ? "[\(address)]" : address
        return OpenDoor(
            addresses: ["http://\(shown):\(listener.localAddress?.port ?? 0)/metrics"],
            stopAccepting: { try? await listener.close().get() })
    }
}
