import Foundation
import Rembus
import RembusIdentity

/// How to connect to one broker, kept under a name so that it need not be written on every command line.
struct Context: Codable, Hashable {
    /// The URL of the broker, with the own name if there is one.
    var url: String
    /// A PEM file with the authorities that are trusted for TLS.
    var ca: String?
    /// A file with the private key or the secret that proves the name.
    var secretFile: String?
    /// The tenant that completes names without one.
    var tenant: String?

    enum CodingKeys: String, CodingKey {
        case url, ca, tenant
        case secretFile = "secret_file"
    }

    /// The name with this context's tenant, unless it has one. The tenant is the text behind the first dot
    /// (behaviour.md §2).
    func completed(_ name: String) -> String {
        guard let tenant, tenant != ".", !name.contains(".") else { return name }
        return "\(name).\(tenant)"
    }

    /// The credential of ``secretFile``; nil when there is no such file in the context.
    func credential() throws(CommandFailure) -> Credential? {
        guard let secretFile else { return nil }
        do throws(IdentityError) {
            // More bytes than any key has; a link is accepted, because platforms mount secrets as links.
            return try Credential(
                fileContent: SecretFile.read(secretFile, limit: KeyFormat.maximumBytes, followsLink: true))
        } catch {
            let problem = CommandFailure.phrase(error.message)
            throw CommandFailure(
                problem.contains(secretFile) ? problem : "\(secretFile) is unusable: \(problem)")
        }
    }

    /// Checks the files that the context names.
    func checkFiles() throws(CommandFailure) {
        if let ca { _ = try Keystore.certificate(in: URL(fileURLWithPath: ca)) }
        _ = try credential()
    }
}

/// A context with its name.
struct NamedContext {
    let name: String
    let context: Context

    func url() throws(CommandFailure) -> RembusURL {
        do {
            return try RembusURL(context.url)
        } catch {
            throw CommandFailure("the context \(quoted(name)): \(CommandFailure.phrase(error.message))", status: .usage)
        }
    }
}
