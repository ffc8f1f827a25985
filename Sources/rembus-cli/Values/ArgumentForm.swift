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

    /// `place` names where the word stands in messages, such as "log.jsonl, line 3,"; nil for the command line.
    func value(
        of word: some StringProtocol, in place: String? = nil, warnings: Warnings = Warnings()
    ) throws(CommandFailure) -> Value {
        if self == .text { return .text(String(word)) }
        do {
            return try Value(jsonText: word)
        } catch {
            let subject = place ?? "the argument \(quoted(word))"
            let problem = "\(subject) is not JSON: \(JSONPlace(in: word).problem)"
            guard self == .automatic else { throw CommandFailure(problem, status: .usage) }
            if Self.isLikeJSON(word) {
                warnings.say("\(problem); it is sent as text, which --text does without a warning")
            }
            return .text(String(word))
        }
    }

    func values(of words: [String]) throws(CommandFailure) -> [Value] {
        var values: [Value] = []
        for word in words { values.append(try value(of: word)) }
        return values
    }

    /// A line of a file is one publication: a JSON array gives its arguments, any other value is the only one.
    func arguments(
        ofLine line: some StringProtocol, in place: String, warnings: Warnings
    ) throws(CommandFailure) -> [Value] {
        let value = try value(of: line, in: place, warnings: warnings)
        return value.arrayValue ?? [value]
    }

    /// A text that begins like an object or an array was hardly meant as a text.
    private static func isLikeJSON(_ word: some StringProtocol) -> Bool {
        let first = word.first { !$0.isWhitespace }
        return first == "{" || first == "["
    }

    /// The same warning for a text that is no argument.
    static func warn(ofTextLikeJSON text: some StringProtocol, _ subject: String) {
        guard isLikeJSON(text) else { return }
        do {
            _ = try Value(jsonText: text)
        } catch {
            StandardError.say(
                "warning: \(subject) is not JSON: \(JSONPlace(in: text).problem); it is sent as text")
        }
    }
}

/// Warnings on standard error, of which a long input gives only the first few.
final class Warnings {
    private var count = 0

    private static let limit = 10

    func say(_ text: String) {
        count += 1
        if count <= Self.limit { StandardError.say("warning: \(text)") }
        if count == Self.limit { StandardError.say("warning: further ones like these are not shown") }
    }
}

/// A word in quotes, cut when it is long, for messages.
func quoted(_ text: some StringProtocol) -> String {
    let start = text.prefix(60)
    return start.endIndex == text.endIndex ? "`\(start)`" : "`\(start)…`"
}
