package import RembusMetrics
package import RembusBroker

/// HTTP and JSON-RPC (behaviour.md §17).
package struct HTTPDoor: Door {
    package let option = "--http"
    package let port: Int?

    package init(listeningOn port: Int, metrics: PrometheusRegistry) {
        self.port = port
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        throw BrokerError("--http is not built yet")
    }
}
