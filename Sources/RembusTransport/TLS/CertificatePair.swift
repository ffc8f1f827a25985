#if WITH_TLS
package import Foundation
package import NIOSSL

/// A certificate with its chain and its private key. It was checked that they belong together and are valid now.
package struct CertificatePair: Sendable {
    package let chain: [NIOSSLCertificate]
    package let key: NIOSSLPrivateKey
    /// When the certificate expires.
    package let expiry: Date
    /// The host names in the certificate, in lower case; `*.` in front stands for one label.
    package let hosts: [String]

    /// The cipher suites of both ends: only ECDHE with authenticated encryption. All suites of TLS 1.3 are of this
    /// kind.
    package static let cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// Reads and checks both files. Blocks on the disk.
    ///
    /// - Parameter origins: The names of the settings that the files come from, by path.
    package init(
        certificateFile: String, keyFile: String, role: String = "", origins: [String: String] = [:], now: Date = Date()
    ) throws(TLSFailure) {
        let certificates = PEMFile(
            role: "\(role)certificate file", path: certificateFile, origin: origins[certificateFile])
        let secret = PEMFile(
            role: "\(role)key file", path: keyFile, origin: origins[keyFile], isSecret: true)
        chain = try Self.certificates(in: certificates)
        key = try Self.key(in: secret)
        let leaf = chain[0]
        expiry = leaf.endOfValidity
        hosts = leaf.hostNames
        try Self.check(leaf, certificates, now)
        try checkMatch(certificates, secret)
    }

    /// All certificates of a PEM file, at least one.
    package static func certificates(in file: PEMFile) throws(TLSFailure) -> [NIOSSLCertificate] {
        let bytes = try file.read()
        let found = (try? NIOSSLCertificate.fromPEMBytes(bytes)) ?? []
        guard !found.isEmpty else {
            throw file.failure("holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
        }
        return found
    }

    private static func key(in file: PEMFile) throws(TLSFailure) -> NIOSSLPrivateKey {
        let bytes = try file.read()
        let text = String(decoding: bytes, as: UTF8.self)
        if text.contains("ENCRYPTED") {
            throw file.failure("is encrypted with a passphrase; store it without one, readable by its owner only")
        }
        do {
            return try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        } catch {
            throw file.failure("holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
        }
    }

    private static func check(_ leaf: NIOSSLCertificate, _ file: PEMFile, _ now: Date) throws(TLSFailure) {
        if leaf.endOfValidity <= now {
            throw file.failure("expired on \(leaf.endOfValidity.isoText); renew the certificate")
        }
        if leaf.startOfValidity > now {
            throw file.failure(
                "is valid from \(leaf.startOfValidity.isoText) only; check this machine's clock or the certificate")
        }
    }

    /// Only a context compares the two keys.
    private func checkMatch(_ certificates: PEMFile, _ secret: PEMFile) throws(TLSFailure) {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: sources, privateKey: .privateKey(key))
        configuration.certificateVerification = .none
        do {
            _ = try NIOSSLContext(configuration: configuration)
        } catch {
            throw secret.failure("does not belong to the certificate in \(certificates.path)")
        }
    }

    /// The chain in the form that TLS configurations take.
    package var sources: [NIOSSLCertificateSource] { chain.map { .certificate($0) } }
}

extension Date {
    /// `2026-11-23T01:30:03Z`.
    package var isoText: String { formatted(.iso8601) }
}
#endif
