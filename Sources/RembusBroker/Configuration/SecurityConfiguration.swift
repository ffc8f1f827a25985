/// Who may connect to a broker, how identities are proven, and how connections are protected (docs/security.md).
public struct SecurityConfiguration: Sendable, Equatable {
    /// Authenticated mode: before a connection has proven its identity it can do nothing but log in
    /// (docs/spec/protocol.md §7.3).
    public var isAuthenticated = false
    /// How long a challenge is valid. In authenticated mode also the time that a connection has to answer it.
    public var challengeTimeout = Duration.seconds(3)
    /// Takes a claimed name as proof of identity: administrators and private topics work without keys, as with the
    /// reference. Only for closed networks and tests (docs/spec/known-defects.md S1, S2).
    public var trustsNames = false
    /// Whether components may register keys with their tenant's pin.
    public var allowsRegistration = true
    /// The most registrations and failed logins per minute from one address.
    public var maxRegisterAttempts = 5
    /// Whether connections use TLS. The certificate is `rembus.crt`, its key `rembus.key`, both in ``keystore``.
    public var isSecure = false
    /// The folder with the server's certificate and key; nil for `keystore` in the state folder.
    public var keystore: String?
    /// A PEM file with the authorities that may have issued client certificates.
    public var clientAuthorities: String?
    /// Whether clients show a certificate. The name in it is then the component's name.
    public var clientCertificates = ClientCertificatePolicy.none
    /// Origins whose web pages may connect, such as `https://panel.example`; `*` for all. Pages from the broker's own
    /// host and port are always allowed, and so are clients other than browsers.
    public var allowedOrigins: [String] = []
    /// Proxies that the broker trusts to state the address of a client, with the PROXY protocol or the headers
    /// `X-Forwarded-For` and `Forwarded`: addresses, networks such as `10.0.0.0/8`, and `unix` for the peers of Unix
    /// sockets.
    public var trustedProxies: [String] = []
    /// The path of the audit log; nil for `audit.log` in the broker's state folder, `none` for no log.
    public var auditLog: String?
    /// The size in bytes at which the audit log begins a new file. Four older files are kept.
    public var auditMaxBytes = 10 << 20

    /// All default settings.
    public init() {}
}

/// Whether clients show a certificate of their own (mutual TLS).
public enum ClientCertificatePolicy: String, Sendable, CaseIterable, Codable {
    /// Clients are not asked for a certificate.
    case none
    /// Clients may show a certificate; a valid one is their proof of identity.
    case optional
    /// A client without a valid certificate is refused.
    case required
}
