import ArgumentParser
import Foundation
import RembusServer
import X509

struct KeysInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a certificate authority and a certificate for the broker.",
        discussion: """
            The certificate is for every --host, and for localhost, 127.0.0.1 and ::1. The authority's certificate, ca.crt, is \
            also put into $REMBUS_DIR/ca, where components on this machine look for it (not with --dir).

            Nothing that is there is written over. For a new certificate of the same authority use `rembus keys renew`; \
            --force makes a new authority too, and every client then needs the new ca.crt.

            Examples:
              rembus keys init --host broker.example.org
              rembus keys init --host broker --host 192.0.2.7 --days 90
              rembus keys init --dir ./keystore-for-the-other-machine --host hub.example.org
            """)

    @Option(
        name: .customLong("host"),
        help: ArgumentHelp(
            "A DNS name or IP address that clients reach the broker by. May be repeated. (default: this machine's name)",
            valueName: "name"))
    var hosts: [HostNameOption] = []

    @Option(help: "How long the broker's certificate is good for; the authority is for ten years.")
    var days = CertificateLifetime.standard

    @Flag(help: "Replace authority and certificate that are there.")
    var force = false

    @OptionGroup
    var place: KeystoreOptions

    func run() throws {
        let keystore = place.keystore
        let files = [
            keystore.authorityKey, keystore.authorityCertificate, keystore.serverKey, keystore.serverCertificate,
        ]
        if !force, let file = files.first(where: Keystore.exists) {
            throw CommandFailure(
                "there is \(file.path) already; `rembus keys renew` makes a new certificate of the same authority, --force "
                    + "replaces everything, and then every client needs the new ca.crt")
        }
        // Everything is made before anything is written, so that a failure does not leave half of the files.
        let (authority, own) = try CertificateAuthority.make()
        let named = hosts.isEmpty ? HostNameOption.own.map { [$0] } ?? [] : hosts
        let server = try authority.issueServer(Self.withThisMachine(named), days)
        try PublicFile.makeFolder(keystore.folder, permissions: 0o700)
        try Keystore.write(own, keystore.authorityCertificate, keystore.authorityKey, replacing: force)
        try Keystore.write(server, keystore.serverCertificate, keystore.serverKey, replacing: force)
        let trust = place.dir == nil ? try TrustedAuthority.install(own.certificate, replacing: force) : .elsewhere
        try StandardOutput.write(try report(keystore, own.certificate, server.certificate, trust, named))
    }

    /// The names together with those of the broker's own machine, without duplicates.
    static func withThisMachine(_ hosts: [HostNameOption]) -> [HostNameOption] {
        var seen: Set<HostNameOption> = []
        return (hosts + HostNameOption.thisMachine).filter { seen.insert($0).inserted }
    }

    private func report(
        _ keystore: Keystore, _ authority: Certificate, _ server: Certificate, _ trust: TrustedAuthority,
        _ named: [HostNameOption]
    ) throws -> String {
        let summary = CertificateSummary(server)
        let host = named.first { !$0.text.hasPrefix("*") }?.text ?? "localhost"
        let shown = host.contains(":") ? "[\(host)]" : host
        let serves = place.dir == nil ? "" : "REMBUS_KEYSTORE=\(keystore.folder.path) "
        return """
            keystore   \(keystore.folder.path)
            authority  ca.crt until \(CertificateSummary(authority).lastDay), SHA-256 \(try authority.fingerprint)
            server     rembus.crt until \(summary.lastDay), for \(summary.names.joined(separator: ", "))
            \(trust.note)

            What to do next:
              Let components register with a pin, and start the broker:
                (umask 077; head -c 12 /dev/urandom | base64 > pin.txt)
                rembus admin tenant add . --pin-file pin.txt
                \(serves)rembus broker --secure --authenticated --host 0.0.0.0
              Without --authenticated everybody who reaches it may connect.
              Copy ca.crt (not ca.key) to every client machine, as the only file in the folder $REMBUS_DIR/ca, or name
              it in HTTP_CA_BUNDLE. Components of this SDK and of Rembus for Python look in both places:
                HTTP_CA_BUNDLE=/path/to/ca.crt python3 component.py
                HTTP_CA_BUNDLE=/path/to/ca.crt rembus register panel --pin-file pin.txt --url wss://\(shown):8338
                HTTP_CA_BUNDLE=/path/to/ca.crt rembus sub '**' --url wss://\(shown):8338/panel
              Renew the certificate before \(summary.lastDay): rembus keys renew
              Keep ca.key secret, or move it away from this machine until then: who has it can pose as your broker.

            """
    }
}

/// The outcome of installing the authority's certificate for components on this machine.
enum TrustedAuthority {
    case installed(String)
    /// Another authority is installed. With two files in the folder, clients would trust neither.
    case kept(String)
    case elsewhere

    /// Installs the certificate in the folder where clients look for a single file (behaviour.md §19.3).
    static func install(_ certificate: Certificate, replacing: Bool) throws -> TrustedAuthority {
        let folder = BrokerSettings.directory().appendingPathComponent("ca")
        let file = folder.appendingPathComponent("ca.crt")
        let others = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard others.allSatisfy({ replacing && $0 == file.lastPathComponent }) else { return .kept(folder.path) }
        try PublicFile.makeFolder(folder, permissions: 0o755)
        try PublicFile.write(certificate.pem, to: file, replacing: replacing)
        return .installed(file.path)
    }

    var note: String {
        switch self {
        case .installed(let path): "clients    \(path), which components on this machine trust"
        case .kept(let path):
            "clients    \(path) has another authority and is left as it is; put ca.crt there, as its only file, if "
                + "components on this machine are to trust it"
        case .elsewhere: "clients    nothing on this machine trusts this authority yet"
        }
    }
}
