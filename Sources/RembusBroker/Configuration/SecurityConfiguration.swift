/// Who may connect to a broker, what proves an identity, and how connections are protected (docs/security.md).
public struct SecurityConfiguration: Sendable, Equatable {
    /// Authenticated mode: nothing but a login is possible before an identity is proven (docs/spec/protocol.md §7.3).
    public var isAuthenticated = false
    /// How long a challenge is valid, and a connection of authenticated mode may take to answer it.
    public var challengeTimeout = Duration.seconds(3)
    /// Takes a name as proof of itself: administrators and private topics work without keys, as in the reference. For
    /// closed networks and tests (docs/spec/known-defects.md S1, S2).
    public var trustsNames = false
    /// Whether components may register keys, given their tenant's pin.
    public var allowsRegistration = true
    /// Registrations and failed logins per minute and address.
    public var maxRegisterAttempts = 5
    /// Whether connections are TLS; the certificate is `rembus.crt` with `rembus.key` in ``keystore``.
    public var isSecure = false
    /// The folder with the server's certificate and key; nil for `keystore` in the state folder.
    public var keystore: String?
    /// A PEM file with the authorities that client certificates may come from.
    public var clientAuthorities: String?
    /// Whether clients show a certificate, whose name then is the component's name.
    public var clientCertificates = ClientCertificatePolicy.none
    /// Origins whose web pages may connect, such as `https://panel.example`; `*` for all. Pages from the broker's own
    /// host and port, and clients that are no browsers, always may.
    public var allowedOrigins: [String] = []
    /// Proxies that are believed when they say whom a connection or request is from, with the PROXY protocol or the headers
    /// `X-Forwarded-For` and `Forwarded`: addresses, networks such as `10.0.0.0/8`, and `unix` for the peers of Unix sockets.
    public var trustedProxies: [String] = []
    /// The audit log; nil for `audit.log` in the broker's state folder, `none` for no log.
    public var auditLog: String?
    /// Size in bytes at which the audit log begins a new file; four older ones are kept.
    public var auditMaxBytes = 10 << 20

    /// Every default.
    public init() {}
}

/// Whether clients show a certificate of their own (mutual TLS).
public enum ClientCertificatePolicy: String, Sendable, CaseIterable, Codable {
    /// They are not asked.
    case none
    /// Those that show a valid one need no other proof.
    case optional
    /// Without a valid one there is no connection.
    case required
}
