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
    /// The name in the client's certificate, which was verified: the common name of its subject, else its first DNS
    /// name. nil when it showed none. It comes from the certificate's authority and is not checked as a component name.
    package var certificateName: String?

    package init(_ transport: TransportKind = .ws, isSecure: Bool = false, certificateName: String? = nil) {
        self.transport = transport
        self.isSecure = isSecure
        self.certificateName = certificateName
    }
}
