package import RembusMetrics
package import RembusBroker

/// A port for metrics alone (behaviour.md §18).
package struct PrometheusDoor: Door {
    package let option = "--prometheus"
    package let port: Int?

    package init(listeningOn port: Int, metrics: PrometheusRegistry) {
        self.port = port
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        throw BrokerError("--prometheus is not built yet")
    }
}
