import ArgumentParser
import Foundation

/// Reads the secrets for a command. They are never words of the command line, which all users of the machine can see.
enum SecretInput {
    /// The longest secret, in bytes.
    private static let limit = 4096

    /// The first line of a file, or of standard input for `-`, without its line end.
    static func firstLine(of path: String, kind: String) throws(CommandFailure) -> String {
        if path != "-" { warn(about: path, kind) }
        var reader = try LineReader(path: path)
        guard let line = try reader.next(), !line.isEmpty else {
            throw CommandFailure(
                "the first line of \(path == "-" ? "standard input" : path) must be the \(kind), but is empty")
        }
        guard line.utf8.count <= limit else {
            throw CommandFailure("the \(kind) has more than \(limit) bytes")
        }
        return line
    }

    /// Warns when others can read a file that they should not read.
    private static func warn(about path: String, _ kind: String) {
        guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
            facts[.type] as? FileAttributeType == .typeRegular,
            let mode = facts[.posixPermissions] as? NSNumber, mode.intValue & 0o077 != 0
        else { return }
        StandardError.say("other users can read the \(kind) in \(path); `chmod 600` it")
    }
}

/// The pin of a tenant: the options that all commands with a pin share.
struct PinOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file whose first line is the pin; `-` is standard input.", valueName: "file"))
    var pinFile: String?

    @Option(help: ArgumentHelp("The environment variable that has the pin.", valueName: "variable"))
    var pinEnv: String?

    func validate() throws {
        if (pinFile == nil) == (pinEnv == nil) {
            throw ValidationError(
                pinFile == nil ? "Give the pin with --pin-file." : "Give --pin-file or --pin-env, not both.")
        }
    }

    /// The pin.
    func pin() throws(CommandFailure) -> String {
        guard let pinEnv else { return try SecretInput.firstLine(of: pinFile ?? "-", kind: "pin") }
        guard let pin = ProcessInfo.processInfo.environment[pinEnv], !pin.isEmpty else {
            throw CommandFailure("the environment variable \(pinEnv) is empty or not set")
        }
        return pin
    }
}
