package import NIOSSL
import RembusTransport

/// The facts in a verified client certificate about the component that has shown it.
package struct ClientCertificate: Sendable, Hashable {
    /// The component's name: the common name of the subject or, without one, the first DNS name. The authority of the
    /// certificate vouches for it; it is not checked to be a valid component name.
    package var name: String
    /// When the certificate becomes valid, in milliseconds since 1970. It shows whether the certificate was made before
    /// or after the removal of a component.
    package var validFrom: Int64

    package init(name: String, validFrom: Int64 = .max) {
        self.name = name
        self.validFrom = validFrom
    }

    /// nil when no certificate was shown, or it has no usable name.
    package init?(_ certificate: NIOSSLCertificate?) {
        guard let certificate, let name = certificate.componentName else { return nil }
        self.init(name: name, validFrom: Int64(certificate.notValidBefore) * 1000)
    }
}
