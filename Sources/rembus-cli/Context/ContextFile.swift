import Foundation
import RembusIdentity
import RembusServer
import RembusSupport
import RembusWire

/// The contexts of this user: `$REMBUS_DIR/contexts.json`, for its owner only, because it says where keys are.
struct ContextFile: Codable {
    /// The context of commands that name none.
    var inUse: String?
    var contexts: [String: Context] = [:]

    enum CodingKeys: String, CodingKey {
        case contexts
        case inUse = "in_use"
    }

    private static let limit = 1 << 20

    static var path: String { BrokerSettings.directory().appendingPathComponent("contexts.json").path }

    /// Reads the file; without one there are no contexts.
    static func read() throws(CommandFailure) -> ContextFile {
        let content: [UInt8]?
        do throws(IdentityError) {
            content = try SecretFile.readIfPresent(path, limit: limit)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
        guard let content else { return ContextFile() }
        do {
            return try JSONDecoder().decode(ContextFile.self, from: Data(content))
        } catch {
            throw CommandFailure(
                "\(path) is not what `rembus context` writes; mend it, or remove it and add the contexts again")
        }
    }

    /// Changes the file. Whoever changes it at the same time waits.
    static func change<Result>(_ body: (inout ContextFile) throws -> Result) throws -> Result {
        let folder = BrokerSettings.directory()
        do throws(IdentityError) {
            try SecretFile.makeFolder(folder.path)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
        // The lock is on the folder, since the file itself is replaced. Without it one of two changes may be lost, which
        // is no reason to refuse both where there are no locks.
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        if descriptor >= 0 { _ = FileLock.wait(descriptor) }
        defer { if descriptor >= 0 { close(descriptor) } }
        var file = try read()
        let result = try body(&file)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(file)) + [UInt8(ascii: "\n")]
        do throws(IdentityError) {
            try SecretFile.write(bytes, to: path, exclusively: false)
        } catch {
            throw CommandFailure(CommandFailure.phrase(error.message))
        }
        return result
    }

    /// The context of a name. `origin` says in a failure where the name is from.
    func named(_ name: String, from origin: String = "") throws(CommandFailure) -> NamedContext {
        if let context = contexts[name] { return NamedContext(name: name, context: context) }
        let guess =
            Spelling.nearest(to: name, in: contexts.keys.sorted()).map { "; did you mean \(quoted($0))?" } ?? ";"
        throw CommandFailure(
            "\(origin)there is no context \(quoted(name))\(guess) `rembus context list` lists them", status: .usage)
    }
}
