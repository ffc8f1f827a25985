import ArgumentParser
import RembusWire

/// Finds a word that is not a command. The parser would only report that there are too many words.
enum UnknownCommand {
    /// The failure when a word stands in the place of a command; nil when the words name a command.
    static func failure(_ words: some Sequence<String>, in root: any ParsableCommand.Type) -> CommandFailure? {
        var parent: any ParsableCommand.Type = root
        var path = parent._commandName
        for word in words {
            let commands = parent.configuration.subcommands
            guard !commands.isEmpty, !word.hasPrefix("-"), word != "help" else { return nil }
            guard let command = commands.first(where: { $0._commandName == word }) else {
                let names = commands.filter { $0.configuration.shouldDisplay }.map { $0._commandName }
                let guess = Spelling.nearest(to: word, in: names).map { "; did you mean `\(path) \($0)`?" } ?? "."
                return CommandFailure(
                    "`\(path)` has no command `\(word)`\(guess) `\(path) --help` lists the commands", status: .usage)
            }
            parent = command
            path += " \(word)"
        }
        return nil
    }
}
