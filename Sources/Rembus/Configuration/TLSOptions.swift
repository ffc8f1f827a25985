/// Whom a component trusts on `wss` connections, and the certificate it shows there. TLS 1.2 or later is used, and the
/// broker's certificate must be for the host of the URL.
public struct TLSOptions: Sendable, Hashable {
    /// A PEM file with the authorities that the broker's certificate may come from.
    ///
    /// Default `HTTP_CA_BUNDLE`, else the single file in `<directory>/ca`, else the authorities of the system
    /// (docs/spec/behaviour.md §19).
    public var authorities: String?

    /// A PEM file with this component's certificate, for brokers that ask for one. Default `REMBUS_CLIENT_CERTIFICATE`.
    public var certificate: String?

    /// A PEM file with the private key of ``certificate``. Default `REMBUS_CLIENT_KEY`.
    public var privateKey: String?

    /// The name to look for in the broker's certificate when it is not for the host of the URL.
    public var serverName: String?

    /// Makes options in which every field has its default.
    public init() {}
}
