package import NIOCore
package import RembusListening

/// A protocol besides the broker's own: HTTP, MQTT, ZeroMQ, or a bridge.
///
/// A gateway translates its protocol into requests and messages of ``GatewaySession``s, which have the same limits,
/// rights, counters and routes as every other connection.
package protocol Gateway: Sendable {
    /// The option that opens the gateway, for error messages: `--http`.
    var option: String { get }
    /// The address that the gateway listens on; nil for one that does not listen.
    func address(_ configuration: BrokerConfiguration) -> ListenAddress?
    /// Starts to accept connections. Throws when it cannot; the error may be that of the socket.
    func open(on host: GatewayHost) async throws -> OpenGateway
}

/// A gateway that is open.
package struct OpenGateway: Sendable {
    /// The URLs that it can be reached at, for the line that says that the broker is ready.
    package var addresses: [String]
    /// Whether it answers health checks. It then goes on accepting during a stop, until the work under way is finished.
    package var answersWhileStopping: Bool
    /// Stops accepting connections; open ones stay.
    package var stopAccepting: @Sendable () async -> Void
    /// Ends the connections that are left after the sessions have been closed.
    package var close: @Sendable () async -> Void

    package init(
        addresses: [String], answersWhileStopping: Bool = false,
        stopAccepting: @escaping @Sendable () async -> Void = {},
        close: @escaping @Sendable () async -> Void = {}
    ) {
        self.addresses = addresses
        self.answersWhileStopping = answersWhileStopping
        self.stopAccepting = stopAccepting
        self.close = close
    }

    /// A gateway that listens on one channel.
    package init(_ listener: any Channel, scheme: String, at address: ListenAddress) {
        self.init(
            addresses: [address.url(scheme: scheme, port: listener.localAddress?.port)],
            stopAccepting: { try? await listener.close().get() })
    }
}
