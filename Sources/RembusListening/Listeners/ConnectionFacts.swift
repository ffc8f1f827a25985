/// The protocol that carries the messages of a connection. It is the label in metrics and lists of connections.
package enum TransportKind: String, Sendable, CaseIterable {
    case ws, wss, tcp, tls, zmq, http, https, mqtt, mqtts, bridge
}

/// What is known about an accepted connection after its handshakes.
package struct ConnectionFacts: Sendable, Equatable {
    /// Whether the connection is encrypted.
    package var isSecure = false
    /// The protocol that carries its messages.
    package var transport: TransportKind
    /// The verified certificate of the client; nil when it has shown none.
    package var certificate: ClientCertificate?
    /// The client's address according to a trusted proxy; nil for the peer of the socket.
    package var client: PeerAddress?

    package init(
        _ transport: TransportKind = .ws, isSecure: Bool = false, certificate: ClientCertificate? = nil,
        client: PeerAddress? = nil
    ) {
        self.client = client
        self.transport = transport
        self.isSecure = isSecure
        self.certificate = certificate
    }
}
