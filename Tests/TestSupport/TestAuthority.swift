import Crypto
package import Foundation
import SwiftASN1
import X509

/// An authority that lives as long as a test.
package struct TestAuthority: Sendable {
    /// Its own certificate, in PEM form.
    package let pem: String
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName

    package init(_ commonName: String = "Test authority") throws {
        name = try DistinguishedName { CommonName(commonName) }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: Date.now - 3600, notValidAfter: Date.now + 86_400, issuer: name, subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(key))
        pem = try certificate.serializeAsPEM().pemString
    }

    /// A certificate with its key, valid around now unless said otherwise.
    ///
    /// - Parameters:
    ///   - commonNames: the common names of the subject.
    ///   - hosts: DNS names.
    ///   - addresses: addresses, as bytes.
    package func issue(
        commonNames: [String] = [], hosts: [String] = [], addresses: [[UInt8]] = [],
        from start: Date = .now - 60, until end: Date = .now + 3600
    ) throws -> TestCertificate {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { for name in commonNames { CommonName(name) } }
        let names =
            hosts.map { GeneralName.dnsName($0) }
            + addresses.map { GeneralName.ipAddress(ASN1OctetString(contentBytes: $0[...])) }
        let certificate = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: .init(key.publicKey),
            notValidBefore: start, notValidAfter: end, issuer: name, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                if !names.isEmpty { SubjectAlternativeNames(names) }
            },
            issuerPrivateKey: .init(self.key))
        return TestCertificate(certificate: try certificate.serializeAsPEM().pemString, key: key.pemRepresentation)
    }

    /// A certificate for this machine, as the listeners of tests need it.
    package func issueForLocalhost(until end: Date = .now + 3600) throws -> TestCertificate {
        try issue(
            commonNames: ["localhost"], hosts: ["localhost"], addresses: [[127, 0, 0, 1]], until: end)
    }
}

/// A certificate and its key, in PEM form.
package struct TestCertificate: Sendable {
    package let certificate: String
    package let key: String
}
