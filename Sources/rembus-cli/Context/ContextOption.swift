import ArgumentParser
import Foundation

/// The context of a command: the option that all commands share that connect to a broker.
struct ContextOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The context that says where the broker is, see `rembus context`. (default: $REMBUS_CONTEXT, else the one in use)",
            valueName: "context"),
        completion: .custom { _, _, _ in ContextNames.known })
    var context: String?

    /// The context that counts; nil when there is none. What is said for this command or in the environment comes
    /// before what was chosen once with `rembus context use`.
    func chosen() throws -> NamedContext? {
        if let context { return try ContextFile.read().named(context, from: "--context: ") }
        let environment = ProcessInfo.processInfo.environment
        if let name = environment["REMBUS_CONTEXT"], !name.isEmpty {
            return try ContextFile.read().named(name, from: "REMBUS_CONTEXT: ")
        }
        if let base = environment["REMBUS_BASE_URL"], !base.isEmpty { return nil }
        let file = try ContextFile.read()
        return try file.inUse.map { name in try file.named(name) }
    }
}

/// The names of contexts, for the completion of command lines.
enum ContextNames {
    /// The names that exist. A file that cannot be read completes nothing: there is no place for a message.
    static var known: [String] { (try? ContextFile.read().contexts.keys.sorted()) ?? [] }

    /// Whether a name can stand on a command line and in a file without being quoted.
    static func isPossible(_ name: String) -> Bool {
        let others: Set<Character> = [".", "_", "-"]
        return (1...64).contains(name.count) && name.first != "-"
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || others.contains($0)) }
    }
}
