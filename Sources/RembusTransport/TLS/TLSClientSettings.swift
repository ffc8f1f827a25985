/// What a dialer trusts, and the certificate it shows.
package struct TLSClientSettings: Sendable, Hashable {
    /// PEM file with the authorities that the server's certificate may come from; nil trusts those of the system.
    package var authorities: String?
    /// PEM file with the client's certificate, for servers that ask for one.
    package var certificateFile: String?
    /// PEM file with the key of `certificateFile`, not readable by every user of the machine.
    package var keyFile: String?
    /// The name to look for in the server's certificate; nil for the host that is dialed.
    package var serverName: String?
    /// The settings that the files come from, by path, for errors about them.
    package var origins: [String: String] = [:]
    /// The protocol as it is named in the handshake (ALPN).
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
