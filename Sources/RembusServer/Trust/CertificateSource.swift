import Foundation
import RembusBroker
import RembusListening
import RembusTransport

/// Reads the certificates of a broker with TLS.
struct CertificateSource {
    let configuration: BrokerConfiguration

    init(_ configuration: BrokerConfiguration) {
        self.configuration = configuration
    }

    private var settings: SecurityConfiguration { configuration.security }

    /// The certificates; nil for a broker without TLS. Throws a ``BrokerError`` that says what to do.
    func open() throws -> TLSServerContext? {
        guard settings.isSecure else {
            guard settings.clientCertificates == .none else {
                throw BrokerError(
                    "\(written("client_certificates")) needs TLS: start the broker with --secure", isUsage: true)
            }
            return nil
        }
        guard settings.clientCertificates == .none || settings.clientAuthorities != nil else {
            throw BrokerError(
                "\(written("client_certificates")) needs `client_ca` (REMBUS_CLIENT_CA), the file with the authorities that they "
                    + "come from", isUsage: true)
        }
        do {
            return try TLSServerContext(files)
        } catch {
            throw BrokerError("\(error)\(advice(on: error))")
        }
    }

    /// How to make the files of the keystore.
    private func advice(on failure: TLSFailure) -> String {
        guard failure.description.contains(keystore) else { return "" }
        if failure.description.contains("does not exist") {
            return "; `rembus keys init --host NAME` makes a certificate"
        }
        return failure.description.contains("expired on") ? "; `rembus keys renew` makes a new one" : ""
    }

    private func written(_ key: String) -> String { BrokerSettings.origin(of: key, in: configuration).text }

    private var keystore: String {
        settings.keystore ?? configuration.root.appendingPathComponent("keystore").path
    }

    /// The paths of the files.
    var files: TLSServerSettings {
        var files = TLSServerSettings(
            keystore: keystore, clientAuthorities: settings.clientAuthorities, clientCertificates: clientCertificates)
        files.keystoreOrigin = written("keystore")
        files.authoritiesOrigin = written("client_ca")
        return files
    }

    private var clientCertificates: TLSServerSettings.ClientCertificates {
        switch settings.clientCertificates {
        case .none: .none
        case .optional: .optional
        case .required: .required
        }
    }
}
