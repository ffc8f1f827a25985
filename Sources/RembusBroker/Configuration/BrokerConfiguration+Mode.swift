package import RembusListening

extension BrokerConfiguration {
    /// Whether the broker runs in authenticated mode.
    package var isAuthenticated: Bool { security.isAuthenticated }

    /// The broker as sentences name it. A broker with the default name is just "the broker".
    package var title: String { name == "broker" ? "the broker" : "the broker \(name)" }

    /// Whether only programs on this machine can connect.
    package var isLocal: Bool { ["127.0.0.1", "localhost", "::1"].contains(bareHost) }

    /// The host without the brackets in which URLs write an IPv6 address.
    private var bareHost: String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// The address of a listener: its Unix socket if it has one, otherwise its port.
    package func address(_ port: Int, _ socket: String?) -> ListenAddress {
        socket.map { .socket(path: $0, mode: UInt16(clamping: socketMode)) } ?? .port(host: bareHost, port)
    }
}
