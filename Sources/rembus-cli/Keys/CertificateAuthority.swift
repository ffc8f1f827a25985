import Crypto
import Foundation
import RembusIdentity
import X509

/// A certificate with its key.
struct IssuedCertificate {
    let certificate: Certificate
    /// The key as PKCS#8, which every TLS library reads.
    let keyPEM: String
}

/// Issues certificates for brokers and components, with ECDSA on P-256, which all TLS libraries support.
struct CertificateAuthority {
    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// Clocks differ, so a certificate is valid from a little before it was made; in seconds.
    private static let clockDifference: TimeInterval = 300
    private static let day: TimeInterval = 86_400

    /// Makes a new authority with its key. It can issue certificates, but no further authorities.
    static func make(now: Date = .now) throws -> (CertificateAuthority, IssuedCertificate) {
        let secret = P256.Signing.PrivateKey()
        let key = Certificate.PrivateKey(secret)
        // Authorities of two brokers must not have the same name, because a client that knows both would try the wrong
        // one.
        let mark = RandomBytes.make(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let subject = try DistinguishedName {
            OrganizationName("Rembus")
            CommonName("Rembus private CA \(mark)")
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - clockDifference,
            notValidAfter: now + Double(CertificateLifetime.authority.days) * day, issuer: subject, subject: subject,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
                // Some clients require it even for a self-signed certificate.
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
            },
            issuerPrivateKey: key)
        return (
            CertificateAuthority(certificate: certificate, key: key),
            IssuedCertificate(certificate: certificate, keyPEM: secret.pemRepresentation + "\n")
        )
    }

    /// Issues a certificate for a server with these names.
    func issueServer(_ hosts: [HostNameOption], _ lifetime: CertificateLifetime, now: Date = .now) throws
        -> IssuedCertificate
    {
        let name = hosts.first { $0.text.utf8.count <= 64 }?.text ?? "rembus"
        return try issue(name, .serverAuth, hosts.map(\.generalName), lifetime, now)
    }

    /// Issues a certificate for a component. The name is the common name.
    ///
    /// - Parameter removal: When the component was removed, if it was. The certificate must be newer than that.
    func issueClient(
        _ name: String, _ lifetime: CertificateLifetime, after removal: Date? = nil, now: Date = .now
    ) throws -> IssuedCertificate {
        // Certificates have times in whole seconds.
        let earliest = removal.map { Date(timeIntervalSince1970: $0.timeIntervalSince1970.rounded(.down) + 1) }
        return try issue(name, .clientAuth, [], lifetime, now, notBefore: earliest)
    }

    private func issue(
        _ name: String, _ usage: ExtendedKeyUsage.Usage, _ alternatives: [GeneralName], _ lifetime: CertificateLifetime,
        _ now: Date, notBefore: Date? = nil
    ) throws -> IssuedCertificate {
        guard certificate.notValidAfter > now else {
            throw CommandFailure(
                "the authority has expired; make a new one with `rembus keys init --force` and bring its ca.crt to all "
                    + "clients")
        }
        let secret = P256.Signing.PrivateKey()
        let publicKey = Certificate.PublicKey(secret.publicKey)
        let end = min(now + Double(lifetime.days) * Self.day, certificate.notValidAfter)
        let issuerKey =
            try certificate.extensions.subjectKeyIdentifier ?? SubjectKeyIdentifier(hash: certificate.publicKey)
        let issued = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: max(now - Self.clockDifference, notBefore ?? .distantPast), notValidAfter: end,
            issuer: certificate.subject,
            subject: try DistinguishedName { CommonName(name) },
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
                SubjectKeyIdentifier(hash: publicKey)
                AuthorityKeyIdentifier(keyIdentifier: issuerKey.keyIdentifier)
                if !alternatives.isEmpty { SubjectAlternativeNames(alternatives) }
            },
            issuerPrivateKey: key)
        return IssuedCertificate(certificate: issued, keyPEM: secret.pemRepresentation + "\n")
    }
}
