import NIOCore
package import RembusBroker
package import RembusListening

/// The gateway for MQTT clients, which are components of the broker.
package struct MQTTGateway: Gateway {
    package let option = "--mqtt-listen"
    private let folder: String?

    /// - Parameter folder: The folder of the files of retained messages and sessions; nil to keep them in memory.
    package init(folder: String? = nil) {
        self.folder = folder
    }

    package func address(_ configuration: BrokerConfiguration) -> ListenAddress? {
        configuration.address(configuration.gateways.mqttPort ?? 0, configuration.gateways.mqttSocket)
    }

    package func open(on host: GatewayHost) async throws -> OpenGateway {
        let server = MQTTServer(host: host)
        if let folder { try server.openFiles(in: folder) }
        host.whenUnready { server.sessions.isFailing ? [.state] : [] }
        let configuration = host.configuration
        let address = configuration.address(configuration.gateways.mqttPort ?? 0, configuration.gateways.mqttSocket)
        let listener: any Channel
        do {
            listener = try await MQTTListener(server: server).bind(at: address)
        } catch {
            await server.close()
            throw error
        }
        let loop = host.group.next()
        let clock = loop.scheduleRepeatedTask(initialDelay: .milliseconds(200), delay: .milliseconds(200)) { _ in
            server.tick()
        }
        let scheme = host.certificates == nil ? "mqtt" : "mqtts"
        var gateway = OpenGateway(listener, scheme: scheme, at: address)
        gateway.close = {
            clock.cancel()
            await server.close()
        }
        return gateway
    }
}
