/// The authorities that a component trusts on `wss` connections, and the certificate that it shows there. TLS 1.2 or
/// later is used. The broker's certificate must be for the host of the URL.
public struct TLSOptions: Sendable, Hashable {
    /// A PEM file with the authorities that may have issued the broker's certificate.
    ///
    /// Default `HTTP_CA_BUNDLE`, otherwise the single file in `<directory>/ca`, otherwise the authorities of the system
    /// (docs/spec/behaviour.md §19).
    public var authorities: String?

    /// A PEM file with this component's certificate, for brokers that ask for one. Default `REMBUS_CLIENT_CERTIFICATE`.
    public var certificate: String?

    /// A PEM file with the private key of ``certificate``. Default `REMBUS_CLIENT_KEY`.
    public var privateKey: String?

    /// The name that the broker's certificate must have, if that is not the host of the URL.
    public var serverName: String?

    /// Makes options in which every field has its default.
    public init() {}
}
