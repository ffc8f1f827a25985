import ArgumentParser
import Rembus

/// Allows negative numbers on the command line: `rembus call add 1 -5`.
///
/// The parser takes every word that begins with `-` for an option. So a number among the values is moved behind `--`,
/// where everything is a value, and one behind an option is joined to it with `=`. Nothing else is changed; the parser
/// reports words that it does not understand.
enum NegativeNumbers {
    /// The words of a command line in a form in which the parser recognises negative numbers.
    static func placed(_ words: [String], in root: any ParsableCommand.Type) -> [String] {
        guard words.contains(where: isOne), !words.contains("--") else { return words }
        let (command, depth) = command(words, root)
        guard depth > 0, let options = OptionNames(of: command) else { return words }
        var (given, values): ([String], [String]) = ([], [])
        var rest = words.dropFirst(depth)
        while let word = rest.popFirst() {
            if isOne(word) || word == "-" || !word.hasPrefix("-") {
                values.append(word)
            } else if options.flags.contains(word) || word.contains("=") {
                given.append(word)
            } else if options.valued.contains(word), let value = rest.popFirst() {
                given += isOne(value) ? ["\(word)=\(value)"] : [word, value]
            } else {
                return words
            }
        }
        return words.prefix(depth) + given + (values.contains(where: isOne) ? ["--"] : []) + values
    }

    /// Whether a word is a negative JSON number: `-5`, `-0.5`, `-1e3`.
    private static func isOne(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word.dropFirst().first?.isNumber == true else { return false }
        return (try? Value(jsonText: word))?.doubleValue != nil
    }

    /// The command that the words name, and the number of these words.
    private static func command(
        _ words: [String], _ root: any ParsableCommand.Type
    ) -> (any ParsableCommand.Type, depth: Int) {
        var (command, depth) = (root, 0)
        for word in words {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == word }) else { break }
            (command, depth) = (next, depth + 1)
        }
        return (command, depth)
    }
}

/// The options of a command as they are written, by whether they take a value.
private struct OptionNames {
    var flags: Set<String> = ["-h", "--help"]
    var valued: Set<String> = []

    /// nil when the parser does not tell.
    init?(of command: any ParsableCommand.Type) {
        guard let info = try? Value(jsonText: command._dumpHelp()),
            let arguments = info["command"]?["arguments"]?.arrayValue
        else { return nil }
        for argument in arguments {
            let names = (argument["names"]?.arrayValue ?? []).compactMap { name -> String? in
                guard let text = name["name"]?.stringValue else { return nil }
                return (name["kind"]?.stringValue == "long" ? "--" : "-") + text
            }
            switch argument["kind"]?.stringValue {
            case "flag": flags.formUnion(names)
            case "option": valued.formUnion(names)
            default: break
            }
        }
    }
}
