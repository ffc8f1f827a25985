import Foundation
import RembusBroker
import RembusTransport

/// Reads the certificates of a broker that is to speak TLS.
struct CertificateSource {
    let settings: SecurityConfiguration

    init(_ settings: SecurityConfiguration) {
        self.settings = settings
    }

    /// nil for a broker without TLS. Throws a `CommandFailure` that says what to do.
    func open() throws -> TLSServerContext? {
        guard settings.isSecure else {
            guard settings.clientCertificates == .none else {
                throw CommandFailure("client_certificates needs TLS: start the broker with --secure", status: .usage)
            }
            return nil
        }
        guard settings.clientCertificates == .none || settings.clientAuthorities != nil else {
            throw CommandFailure(
                "client_certificates needs client_ca, the file with the authorities that they come from", status: .usage
            )
        }
        do {
            return try TLSServerContext(files)
        } catch {
            throw CommandFailure("\(error); `rembus keys init --host NAME` makes a certificate")
        }
    }

    /// Where they are.
    var files: TLSServerSettings {
        TLSServerSettings(
            keystore: settings.keystore ?? BrokerSettings.directory().appendingPathComponent("keystore").path,
            clientAuthorities: settings.clientAuthorities, clientCertificates: clientCertificates)
    }

    private var clientCertificates: TLSServerSettings.ClientCertificates {
        switch settings.clientCertificates {
        case .none: .none
        case .optional: .optional
        case .required: .required
        }
    }
}
