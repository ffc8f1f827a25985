package import NIOSSL
import RembusTransport

/// What a verified client certificate says about the component that showed it.
package struct ClientCertificate: Sendable, Hashable {
    /// The component's name: the common name of the subject, else the first DNS name. It comes from the certificate's
    /// authority and is not checked as a component name.
    package var name: String
    /// From when on the certificate is valid, milliseconds since 1970: whether it was made before or after a component
    /// was removed.
    package var validFrom: Int64

    package init(name: String, validFrom: Int64 = .max) {
        self.name = name
        self.validFrom = validFrom
    }

    /// nil when no certificate was shown, or when it has no usable name.
    package init?(_ certificate: NIOSSLCertificate?) {
        guard let certificate, let name = certificate.componentName else { return nil }
        self.init(name: name, validFrom: Int64(certificate.notValidBefore) * 1000)
    }
}
