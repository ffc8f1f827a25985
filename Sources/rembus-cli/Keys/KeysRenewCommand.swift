import ArgumentParser
import Foundation
import X509

struct KeysRenewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Make a new certificate for the broker, signed by the same authority.",
        discussion: """
            Clients need nothing new. A running broker notices the new files and uses them for new connections. Without --host \
            the certificate is for the names of the one that it replaces.

            Examples:
              rembus keys renew
              rembus keys renew --host broker.example.org --host hub.example.org --days 90
            """)

    @Option(
        name: .customLong("host"),
        help: ArgumentHelp(
            "A DNS name or IP address that clients reach the broker by. May be repeated. (default: as before)",
            valueName: "name"))
    var hosts: [HostNameOption] = []

    @Option(help: "How long the certificate is good for, at most as long as the authority.")
    var days = CertificateLifetime.standard

    @OptionGroup
    var place: KeystoreOptions

    func run() throws {
        let keystore = place.keystore
        let authority = try keystore.authority()
        var named = hosts
        if named.isEmpty {
            guard Keystore.exists(keystore.serverCertificate) else {
                throw CommandFailure(
                    "there is no \(keystore.serverCertificate.path) to renew; say its names with --host")
            }
            named = CertificateSummary(try Keystore.certificate(in: keystore.serverCertificate)).hosts
        }
        let issued = try authority.issueServer(KeysInitCommand.withThisMachine(named), days)
        try Keystore.write(issued, keystore.serverCertificate, keystore.serverKey, replacing: true)
        let summary = CertificateSummary(issued.certificate)
        try StandardOutput.write(
            """
            \(keystore.serverCertificate.path)
            \(summary.validity()), for \(summary.names.joined(separator: ", "))

            """)
    }
}
