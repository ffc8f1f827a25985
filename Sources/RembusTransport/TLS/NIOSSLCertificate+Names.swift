#if WITH_TLS
import Foundation
package import NIOSSL

extension NIOSSLCertificate {
    var endOfValidity: Date { Date(timeIntervalSince1970: TimeInterval(notValidAfter)) }
    var startOfValidity: Date { Date(timeIntervalSince1970: TimeInterval(notValidBefore)) }

    /// Whether there are alternative names, which replace the common name (RFC 6125 §6.4.4).
    var hasAlternativeNames: Bool { !_subjectAlternativeNames().isEmpty }

    /// The DNS names among the alternative names, in lower case.
    package var hostNames: [String] {
        _subjectAlternativeNames().compactMap { name in
            guard name.nameType == .dnsName else { return nil }
            return String(validating: name.contents, as: UTF8.self)?.lowercased()
        }
    }

    /// The name of the component that owns the certificate: the common name of the subject or, without one, the first
    /// DNS name.
    ///
    /// nil when there is none; when there are several common names, because none of them takes precedence; or when it
    /// contains a control character, which could make one name look like another.
    package var componentName: String? {
        let common = subjectName.filter { $0.type == .commonName }.map(\.value)
        guard common.count <= 1 else { return nil }
        guard let name = common.first ?? hostNames.first, !name.isEmpty else { return nil }
        return name.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : name
    }
}
#endif
