import ArgumentParser

/// What the parser has against a command line, in the form of all other messages.
struct ParserFailure {
    /// What is wrong, as a phrase.
    let problem: String
    /// How the command is used, and where its help is.
    let usage: String

    /// nil for what is no failure, like help that was asked for.
    init?(_ error: any Error, of root: any ParsableCommand.Type) {
        let (message, full) = (root.message(for: error), root.fullMessage(for: error))
        guard root.exitCode(for: error) != .success, !message.isEmpty, full.hasPrefix(root._errorPrefix + message)
        else {
            return nil
        }
        usage = String(full.dropFirst(root._errorPrefix.count + message.count).drop(while: \.isNewline))
        problem = CommandFailure.phrase(message) + Self.hint(message)
    }

    /// A word that is no option was perhaps not meant to be one.
    private static func hint(_ message: String) -> String {
        guard message.hasPrefix("Unknown option '-"), !message.contains("Did you mean") else { return "" }
        return "; a value that begins with - stands behind --, as in: -- -x"
    }
}
