import ArgumentParser

/// An error of the parser, in the form of the other messages.
struct ParserFailure {
    /// The error as a phrase.
    let problem: String
    /// The usage of the command, and how to get its help.
    let usage: String

    /// nil when it is no failure, as with a request for help.
    init?(_ error: any Error, of root: any ParsableCommand.Type) {
        let (message, full) = (root.message(for: error), root.fullMessage(for: error))
        guard root.exitCode(for: error) != .success, !message.isEmpty, full.hasPrefix(root._errorPrefix + message)
        else {
            return nil
        }
        usage = String(full.dropFirst(root._errorPrefix.count + message.count).drop(while: \.isNewline))
        problem = CommandFailure.phrase(message) + Self.hint(message)
    }

    /// A hint for words that begin with `-` but were perhaps not meant as options.
    private static func hint(_ message: String) -> String {
        guard message.hasPrefix("Unknown option '-"), !message.contains("Did you mean") else { return "" }
        return "; a value that begins with - stands behind --, as in: -- -x"
    }
}
