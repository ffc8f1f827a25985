import Crypto
import Foundation
import RembusIdentity
import RembusServer
import SwiftASN1
import X509

/// A folder with certificates, which everybody may read, and their keys, which only the owner may (behaviour.md §19.3).
struct Keystore {
    let folder: URL

    var authorityCertificate: URL { folder.appendingPathComponent("ca.crt") }
    var authorityKey: URL { folder.appendingPathComponent("ca.key") }
    var serverCertificate: URL { folder.appendingPathComponent("rembus.crt") }
    var serverKey: URL { folder.appendingPathComponent("rembus.key") }
    var clients: URL { folder.appendingPathComponent("clients") }

    /// The files of a component's certificate and key. The component's name may contain characters that file names
    /// cannot.
    static func clientFiles(of name: String, in folder: URL) -> (certificate: URL, key: URL) {
        let base = FileName.encoded(name)
        return (folder.appendingPathComponent(base + ".crt"), folder.appendingPathComponent(base + ".key"))
    }

    /// More bytes than a file of certificates ever has.
    private static let limit = 1 << 20

    // MARK: Reading

    /// The authority with its key.
    func authority() throws -> CertificateAuthority {
        guard Self.exists(authorityKey), Self.exists(authorityCertificate) else {
            throw CommandFailure(
                "there is no authority, ca.key and ca.crt, in \(folder.path); make one with `rembus keys init`")
        }
        let certificate = try Self.certificate(in: authorityCertificate)
        let content: [UInt8]
        do {
            content = try SecretFile.read(authorityKey.path, limit: Self.limit)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
        guard let key = try? Certificate.PrivateKey(pemEncoded: String(decoding: content, as: UTF8.self)) else {
            throw CommandFailure("\(authorityKey.path) is no private key in PEM form")
        }
        guard key.publicKey == certificate.publicKey else {
            throw CommandFailure("\(authorityKey.path) does not belong to \(authorityCertificate.path)")
        }
        return CertificateAuthority(certificate: certificate, key: key)
    }

    /// The first certificate in a PEM file.
    static func certificate(in file: URL) throws(CommandFailure) -> Certificate {
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw CommandFailure(
                exists(file) ? "cannot read \(file.path): \(error.fileReason)" : "there is no \(file.path)")
        }
        guard data.count <= limit,
            let documents = try? PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self)),
            let document = documents.first(where: { $0.discriminator == Certificate.defaultPEMDiscriminator }),
            let certificate = try? Certificate(pemDocument: document)
        else { throw CommandFailure("\(file.path) is no certificate in PEM form") }
        return certificate
    }

    static func exists(_ file: URL) -> Bool {
        FileManager.default.fileExists(atPath: file.path)
    }

    // MARK: Writing

    /// Writes a certificate and its key. The key comes first, because a certificate without its key cannot be used.
    static func write(_ issued: IssuedCertificate, _ certificate: URL, _ key: URL, replacing: Bool) throws {
        do throws(IdentityError) {
            try SecretFile.write(Array(issued.keyPEM.utf8), to: key.path, exclusively: !replacing)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
        try PublicFile.write(issued.certificate.pem, to: certificate, replacing: replacing)
    }
}

extension Certificate {
    /// The certificate as PEM text that ends with a newline.
    var pem: String {
        get throws { try serializeAsPEM().pemString + "\n" }
    }

    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    var fingerprint: String {
        get throws {
            var serializer = DER.Serializer()
            try serialize(into: &serializer)
            return SHA256.hash(data: serializer.serializedBytes).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }.joined(separator: ":")
        }
    }
}
