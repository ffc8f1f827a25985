package import RembusBroker

/// MQTT clients as components.
package struct MQTTDoor: Door {
    package let option = "--mqtt-listen"
    package let port: Int?

    package init(listeningOn port: Int) {
        self.port = port
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        throw BrokerError("--mqtt-listen is not built yet")
    }
}
