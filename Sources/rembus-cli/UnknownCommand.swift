import ArgumentParser
import RembusWire

/// Finds the word that is no command: the parser would only count the words behind the last command that it knows.
enum UnknownCommand {
    /// The failure when a word stands where a command belongs; nil when the words lead to a command.
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
