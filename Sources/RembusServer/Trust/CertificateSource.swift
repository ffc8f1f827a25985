import Foundation
import RembusBroker
import RembusTransport

/// Reads the certificates of a broker that is to speak TLS.
struct CertificateSource {
    let configuration: BrokerConfiguration

    init(_ configuration: BrokerConfiguration) {
        self.configuration = configuration
    }

    private var settings: SecurityConfiguration { configuration.security }

    /// nil for a broker without TLS. Throws a ``BrokerError`` that says what to do.
    func open() throws -> TLSServerContext? {
        guard settings.isSecure else {
            guard settings.clientCertificates == .none else {
                throw BrokerError("client_certificates needs TLS: start the broker with --secure", isUsage: true)
            }
            return nil
        }
        guard settings.clientCertificates == .none || settings.clientAuthorities != nil else {
            throw BrokerError(
                "client_certificates needs client_ca, the file with the authorities that they come from", isUsage: true
            )
        }
        do {
            return try TLSServerContext(files)
        } catch {
            throw BrokerError("\(error); `rembus keys init --host NAME` makes a certificate")
        }
    }

    /// Where they are.
    var files: TLSServerSettings {
        TLSServerSettings(
            keystore: settings.keystore ?? configuration.root.appendingPathComponent("keystore").path,
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
