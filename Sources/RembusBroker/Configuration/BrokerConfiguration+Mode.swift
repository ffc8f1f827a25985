extension BrokerConfiguration {
    /// Whether the broker runs in authenticated mode.
    package var isAuthenticated: Bool { security.isAuthenticated }

    /// Whether only programs on this machine can connect.
    package var isLocal: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }
}
