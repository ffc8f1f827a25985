import ArgumentParser
import Foundation
import X509

struct KeysClientCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client",
        abstract: "Make a certificate for a component (mutual TLS).",
        discussion: """
            A broker with the setting `client_certificates` takes the certificate as proof that the component is NAME. Bring \
            the two files to the component's machine and delete them here. There REMBUS_CLIENT_CERTIFICATE and \
            REMBUS_CLIENT_KEY tell a component where they are.

            Examples:
              rembus keys client pump7
              rembus keys client pump7.acme --days 90 --output /media/stick

              REMBUS_CLIENT_CA=$REMBUS_DIR/keystore/ca.crt REMBUS_CLIENT_CERTIFICATES=optional rembus broker --secure --authenticated
            """)

    @Argument(help: "The name of the component.")
    var name: String

    @Option(help: "How long the certificate is good for, at most as long as the authority.")
    var days = CertificateLifetime.standard

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write the files there. (default: the folder clients in the keystore)", valueName: "folder"))
    var output: String?

    @Flag(help: "Replace files that are there. An older certificate stays good until it expires.")
    var force = false

    @OptionGroup
    var place: KeystoreOptions

    /// The longest common name (X.520).
    private static let longestName = 64

    func validate() throws {
        guard !name.isEmpty, !name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw ValidationError("The name of the component is empty or has control characters.")
        }
        guard name.unicodeScalars.count <= Self.longestName else {
            throw ValidationError(
                "In a certificate the name of a component has \(Self.longestName) characters at most.")
        }
        if output?.isEmpty == true { throw ValidationError("--output is empty.") }
    }

    func run() throws {
        let keystore = place.keystore
        let authority = try keystore.authority()
        let folder = output.map { URL(fileURLWithPath: $0) } ?? keystore.clients
        let files = Keystore.clientFiles(of: name, in: folder)
        if !force, let file = [files.certificate, files.key].first(where: Keystore.exists) {
            throw CommandFailure("there is \(file.path) already; --force replaces it")
        }
        let issued = try authority.issueClient(name, days, after: RemovedComponents.time(of: name))
        try PublicFile.makeFolder(folder, permissions: 0o700)
        try Keystore.write(issued, files.certificate, files.key, replacing: force)
        try StandardOutput.write(
            """
            \(files.certificate.path)
            \(files.key.path)
            \(CertificateSummary(issued.certificate).validity()), for the component \(name)

            """)
    }
}
