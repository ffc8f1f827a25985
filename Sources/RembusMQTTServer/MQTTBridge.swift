package import RembusBroker

/// The broker as a client of an MQTT broker (behaviour.md §10).
package struct MQTTBridge: Door {
    package let option = "--mqtt"
    package let port: Int? = nil

    /// Throws for a URL that cannot be used.
    package init(url: String) throws(BrokerError) {
        throw BrokerError("--mqtt is not built yet")
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        throw BrokerError("--mqtt is not built yet")
    }
}
