import ArgumentParser
import RembusWire

/// How the words of a command line become the values of a message.
enum ArgumentForm: String, EnumerableFlag {
    /// What parses as JSON is JSON, everything else is a text.
    case automatic
    /// What is not JSON is an error.
    case json
    /// Every word is a text, also `7` and `true`.
    case text

    static func name(for value: ArgumentForm) -> NameSpecification {
        switch value {
        case .automatic: .customLong("auto")
        case .json: .customLong("json")
        case .text: .customLong("text")
        }
    }

    static func help(for value: ArgumentForm) -> ArgumentHelp? {
        switch value {
        case .automatic: ArgumentHelp("Take an ARG as JSON if it is JSON, else as a text.", visibility: .hidden)
        case .json: "Insist on JSON: an ARG that is not JSON is an error, not a text."
        case .text: "Take every ARG as a text, also 7 and true."
        }
    }

    func value(of word: some StringProtocol) throws(CommandFailure) -> Value {
        if self == .text { return .text(String(word)) }
        do {
            return try Value(jsonText: word)
        } catch {
            if self == .automatic { return .text(String(word)) }
            throw CommandFailure(
                "the argument \(quoted(word)) is not JSON: \(CommandFailure.phrase(error.message))", status: .usage)
        }
    }

    func values(of words: [String]) throws(CommandFailure) -> [Value] {
        var values: [Value] = []
        for word in words { values.append(try value(of: word)) }
        return values
    }

    /// A line of a file is one publication: a JSON array gives its arguments, any other value is the only one.
    func arguments(ofLine line: some StringProtocol) throws(CommandFailure) -> [Value] {
        let value = try value(of: line)
        return value.arrayValue ?? [value]
    }
}

/// A word in quotes, cut when it is long, for messages.
func quoted(_ text: some StringProtocol) -> String {
    let start = text.prefix(60)
    return start.endIndex == text.endIndex ? "`\(start)`" : "`\(start)…`"
}
