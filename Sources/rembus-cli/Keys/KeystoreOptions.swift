import ArgumentParser
import Foundation
import RembusServer

/// The folder of certificates: the option that all commands about them share.
struct KeystoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The keystore. (default: $REMBUS_KEYSTORE, else $REMBUS_DIR/keystore)", valueName: "folder"))
    var dir: String?

    func validate() throws {
        if dir?.isEmpty == true { throw ValidationError("--dir is empty.") }
    }

    /// The folder from the option and the environment.
    var keystore: Keystore {
        if let dir { return Keystore(folder: URL(fileURLWithPath: dir)) }
        if let path = ProcessInfo.processInfo.environment["REMBUS_KEYSTORE"], !path.isEmpty {
            return Keystore(folder: URL(fileURLWithPath: path))
        }
        return Keystore(folder: BrokerSettings.directory().appendingPathComponent("keystore"))
    }
}

/// The lifetime of a certificate.
struct CertificateLifetime: Hashable, ExpressibleByArgument {
    var days: Int

    /// The longest lifetime that browsers and systems accept from a public authority, so that every client accepts it.
    static let standard = CertificateLifetime(days: 397)
    /// An authority is valid for longer, because a new one has to be installed on every client.
    static let authority = CertificateLifetime(days: 3653)

    private init(days: Int) {
        self.days = days
    }

    init?(argument: String) {
        guard let days = Int(argument), (1...Self.authority.days).contains(days) else { return nil }
        self.days = days
    }

    var defaultValueDescription: String { String(days) }
}
