/// What the handshakes of an accepted connection showed about it.
package struct ConnectionFacts: Sendable, Equatable {
    /// Whether the connection is encrypted.
    package var isSecure = false
    /// The name in the client's certificate, which was verified: the common name of its subject, else its first DNS
    /// name. nil when it showed none. It comes from the certificate's authority and is not checked as a component name.
    package var certificateName: String?

    package init(isSecure: Bool = false, certificateName: String? = nil) {
        self.isSecure = isSecure
        self.certificateName = certificateName
    }
}
