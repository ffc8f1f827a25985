/// The authorities that a dialer trusts, and the certificate that it shows.
package struct TLSClientSettings: Sendable, Hashable {
    /// A PEM file with the authorities that may have issued the server's certificate; nil for those of the system.
    package var authorities: String?
    /// A PEM file with the client's certificate, for servers that ask for one.
    package var certificateFile: String?
    /// A PEM file with the key of `certificateFile`, which not every user of the machine may read.
    package var keyFile: String?
    /// The name that the server's certificate must have; nil for the host in the URL.
    package var serverName: String?
    /// The names of the settings that the files come from, by path, for error messages.
    package var origins: [String: String] = [:]
    /// The name of the protocol in the handshake (ALPN).
    package var applicationProtocol = "http/1.1"

    package init(
        authorities: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, serverName: String? = nil
    ) {
        self.authorities = authorities
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.serverName = serverName
    }
}
