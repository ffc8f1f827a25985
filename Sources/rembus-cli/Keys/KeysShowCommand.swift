import ArgumentParser
import Foundation
import NIOCore
import RembusServer
import RembusWire
import X509

struct KeysShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the certificates in the keystore: names, end, fingerprint.",
        discussion: """
            Examples:
              rembus keys show
              rembus keys show --json | jq '.[] | select(.days_left < 30)'
            """)

    @Flag(help: "JSON instead of text.")
    var json = false

    @OptionGroup
    var place: KeystoreOptions

    func run() throws {
        let keystore = place.keystore
        let files = [keystore.authorityCertificate, keystore.serverCertificate].filter(Keystore.exists)
        let clients = try clientFiles(keystore)
        guard !(files + clients).isEmpty else {
            throw CommandFailure(
                "there are no certificates in \(keystore.folder.path); make them with `rembus keys init --host NAME`")
        }
        let summaries = try (files + clients).map { ($0, CertificateSummary(try Keystore.certificate(in: $0))) }
        if json {
            let list = Value.array(try summaries.map { try $1.value(file: $0.path) })
            return try StandardOutput.write(list.jsonText + "\n")
        }
        for (file, summary) in summaries {
            let names =
                file == keystore.authorityCertificate ? summary.commonName : summary.names.joined(separator: ", ")
            try StandardOutput.write(
                """
                \(file.path)
                  for      \(names)
                  valid    \(summary.validity())
                  SHA-256  \(try summary.certificate.fingerprint)

                """)
        }
    }

    private func clientFiles(_ keystore: Keystore) throws -> [URL] {
        guard Keystore.exists(keystore.clients) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: keystore.clients.path).sorted()
                .filter { $0.hasSuffix(".crt") && !$0.hasPrefix(".") }
                .map { keystore.clients.appendingPathComponent($0) }
        } catch {
            throw CommandFailure("cannot read \(keystore.clients.path): \(error.fileReason)")
        }
    }
}

struct KeysFingerprintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fingerprint",
        abstract: "Print the SHA-256 fingerprint of a certificate.",
        discussion: """
            Compare it on both machines after ca.crt was copied over a way that is not safe.

            Examples:
              rembus keys fingerprint                     # of the authority in the keystore
              rembus keys fingerprint /path/to/ca.crt
              openssl x509 -noout -fingerprint -sha256 -in /path/to/ca.crt     # the same without rembus
            """)

    @Argument(help: "A certificate in PEM form. (default: ca.crt in the keystore)")
    var file: String?

    @OptionGroup
    var place: KeystoreOptions

    func run() throws {
        let url = file.map { URL(fileURLWithPath: $0) } ?? place.keystore.authorityCertificate
        try StandardOutput.write(try Keystore.certificate(in: url).fingerprint + "\n")
    }
}
