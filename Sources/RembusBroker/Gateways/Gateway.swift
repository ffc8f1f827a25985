package import NIOCore
package import RembusListening

/// A way into the broker that is more than framing: HTTP, MQTT, ZeroMQ, a bridge.
///
/// A gateway translates its protocol into Rembus messages of ``GatewaySession``s, which have the same limits, rights, counters
/// and routes as every other connection.
package protocol Gateway: Sendable {
    /// The option that opens the gateway, for messages about it: `--http`.
    var option: String { get }
    /// Where the gateway is to listen; nil for one that does not.
    func address(_ configuration: BrokerConfiguration) -> ListenAddress?
    /// Starts to accept. Throws when it cannot; the error may be the one of the socket.
    func open(on host: GatewayHost) async throws -> OpenGateway
}

/// A gateway that is open.
package struct OpenGateway: Sendable {
    /// Where it can be reached, as URLs; shown in the line that says that the broker is ready.
    package var addresses: [String]
    /// Whether it answers for the broker's health, so that it goes on accepting until what is under way is finished.
    package var answersWhileStopping: Bool
    /// Stops accepting; connections go on.
    package var stopAccepting: @Sendable () async -> Void
    /// Ends what is left when the sessions have been closed.
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
