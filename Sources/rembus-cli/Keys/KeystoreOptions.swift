import ArgumentParser
import Foundation
import RembusServer

/// Where certificates are kept; the same option for every command about them.
struct KeystoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The keystore. (default: $REMBUS_KEYSTORE, else $REMBUS_DIR/keystore)", valueName: "folder"))
    var dir: String?

    func validate() throws {
        if dir?.isEmpty == true { throw ValidationError("--dir is empty.") }
    }

    /// The folder that option and environment give together.
    var keystore: Keystore {
        if let dir { return Keystore(folder: URL(fileURLWithPath: dir)) }
        if let path = ProcessInfo.processInfo.environment["REMBUS_KEYSTORE"], !path.isEmpty {
            return Keystore(folder: URL(fileURLWithPath: path))
        }
        return Keystore(folder: BrokerSettings.directory().appendingPathComponent("keystore"))
    }
}

/// How long a certificate is good for.
struct CertificateLifetime: Hashable, ExpressibleByArgument {
    var days: Int

    /// What browsers and systems still take from a public authority, so that every client takes it.
    static let standard = CertificateLifetime(days: 397)
    /// An authority outlives many certificates, because a new one must be brought to every client.
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
