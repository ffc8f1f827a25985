import NIOCore
package import RembusBroker

/// MQTT clients as components.
package struct MQTTDoor: Door {
    package let option = "--mqtt-listen"
    package let port: Int?
    private let folder: String?

    /// - Parameter folder: Where retained messages and sessions outlive the broker; nil for nowhere.
    package init(listeningOn port: Int, folder: String? = nil) {
        self.port = port
        self.folder = folder
    }

    package func open(on host: DoorHost) async throws -> OpenDoor {
        let server = MQTTServer(host: host)
        if let folder { try server.openFiles(in: folder) }
        let listener = try await MQTTListener(server: server).bind(host: host.configuration.host, port: port ?? 0)
        let loop = host.group.next()
        let clock = loop.scheduleRepeatedTask(initialDelay: .milliseconds(200), delay: .milliseconds(200)) { _ in
            server.tick()
        }
        let scheme = host.certificates == nil ? "mqtt" : "mqtts"
        var door = OpenDoor(listener, scheme: scheme, host: host.configuration.host)
        door.close = {
            clock.cancel()
            await server.flush()
        }
        return door
    }
}
