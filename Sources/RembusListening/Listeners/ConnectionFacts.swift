/// What carries the messages of a connection; the label of metrics and of lists of connections.
package enum TransportKind: String, Sendable, CaseIterable {
    case ws, wss, tcp, tls, zmq, http, https, mqtt, mqtts, bridge
}

/// What the handshakes of an accepted connection showed about it.
package struct ConnectionFacts: Sendable, Equatable {
    /// Whether the connection is encrypted.
    package var isSecure = false
    /// What carries its messages.
    package var transport: TransportKind
    /// What the client's certificate says, which was verified; nil when it showed none.
    package var certificate: ClientCertificate?
    /// Whom the connection is from, where a trusted proxy has said it; nil for the peer of the socket.
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
