/// Which certificates a listener shows, and whom it lets in with one.
package struct TLSServerSettings: Sendable, Equatable {
    /// Whether clients show a certificate of their own.
    package enum ClientCertificates: Sendable {
        /// They are not asked for one.
        case none
        /// One that is shown must be valid.
        case optional
        /// A valid one is the condition for a connection.
        case required
    }

    /// PEM file with the server's certificate, followed by the intermediate ones.
    package var certificateFile: String
    /// PEM file with the private key, not readable by every user of the machine.
    package var keyFile: String
    /// Folder with pairs `<any>.crt`, `<any>.key` of further host names, chosen by the name a client asks for (SNI).
    package var furtherPairs: String?
    /// PEM file with the authorities that client certificates may come from.
    package var clientAuthorities: String?
    package var clientCertificates: ClientCertificates
    /// What the settings are called that the server's files and the authorities of clients come from, for errors about them.
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

    /// The layout of a keystore folder (behaviour.md §19.3): `rembus.crt` and `rembus.key`, and pairs for more hosts.
    package init(
        keystore: String, clientAuthorities: String? = nil, clientCertificates: ClientCertificates = .none
    ) {
        self.init(
            certificateFile: "\(keystore)/rembus.crt", keyFile: "\(keystore)/rembus.key", furtherPairs: keystore,
            clientAuthorities: clientAuthorities, clientCertificates: clientCertificates)
    }
}
