/// The certificates of a listener, and its demands on those of clients.
package struct TLSServerSettings: Sendable, Equatable {
    /// Whether clients show a certificate of their own.
    package enum ClientCertificates: Sendable {
        /// Clients are not asked for a certificate.
        case none
        /// A client may show a certificate, which must be valid.
        case optional
        /// A client must show a valid certificate.
        case required
    }

    /// A PEM file with the server's certificate, followed by the intermediate ones.
    package var certificateFile: String
    /// A PEM file with the private key, which not every user of the machine may read.
    package var keyFile: String
    /// A folder with pairs `<any>.crt`, `<any>.key` for further host names. The name that a client asks for (SNI)
    /// selects one.
    package var furtherPairs: String?
    /// A PEM file with the authorities that may have issued client certificates.
    package var clientAuthorities: String?
    package var clientCertificates: ClientCertificates
    /// The names of the settings that the server's files and the client authorities come from, for error messages.
    package var keystoreOrigin: String?
    package var authoritiesOrigin: String?

    package init(
        certificateFile: String, keyFile: String, furtherPairs: String? = nil, clientAuthorities: String? = nil,
        clientCertificates: ClientCertificates = .none
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.furtherPairs = furtherPairs
        self.clientAuthorities = clientAuthorities
        self.clientCertificates = clientCertificates
    }

    /// The settings for a keystore folder (behaviour.md §19.3): `rembus.crt` and `rembus.key`, and pairs for more
    /// hosts.
    package init(
        keystore: String, clientAuthorities: String? = nil, clientCertificates: ClientCertificates = .none
    ) {
        self.init(
            certificateFile: "\(keystore)/rembus.crt", keyFile: "\(keystore)/rembus.key", furtherPairs: keystore,
            clientAuthorities: clientAuthorities, clientCertificates: clientCertificates)
    }
}
