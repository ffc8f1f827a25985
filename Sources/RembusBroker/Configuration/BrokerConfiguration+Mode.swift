package import RembusListening

extension BrokerConfiguration {
    /// Whether the broker runs in authenticated mode.
    package var isAuthenticated: Bool { security.isAuthenticated }

    /// The broker in a sentence: its name is said when it is more than the word.
    package var title: String { name == "broker" ? "the broker" : "the broker \(name)" }

    /// Whether only programs on this machine can connect.
    package var isLocal: Bool { ["127.0.0.1", "localhost", "::1"].contains(bareHost) }

    /// The host without the brackets in which URLs write an IPv6 address.
    private var bareHost: String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Where a listener listens: on its Unix socket, if it has one, or its port.
    package func address(_ port: Int, _ socket: String?) -> ListenAddress {
        socket.map { .socket(path: $0, mode: UInt16(clamping: socketMode)) } ?? .port(host: bareHost, port)
    }
}
