import ArgumentParser
import RembusWire

/// How words of the command line become values of a message.
enum ArgumentForm: String, EnumerableFlag {
    /// A word that is valid JSON is a JSON value. Any other word is a text.
    case automatic
    /// A word that is not JSON is an error.
    case json
    /// Every word is a text, even `7` and `true`.
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

    /// The value of a word. `place` is where it stands, for messages, such as "log.jsonl, line 3,"; nil for the command
    /// line.
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

    /// The arguments in a line of a file, which is one publication. A JSON array contains them; any other value is the
    /// only one.
    func arguments(
        ofLine line: some StringProtocol, in place: String, warnings: Warnings
    ) throws(CommandFailure) -> [Value] {
        let value = try value(of: line, in: place, warnings: warnings)
        return value.arrayValue ?? [value]
    }

    /// Whether a text begins like an object or an array, so that it was probably meant as JSON.
    private static func isLikeJSON(_ word: some StringProtocol) -> Bool {
        let first = word.first { !$0.isWhitespace }
        return first == "{" || first == "["
    }

    /// Warns of such a text outside of arguments.
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

/// Warnings on standard error. Of many, only the first few are printed.
final class Warnings {
    private var count = 0

    private static let limit = 10

    func say(_ text: String) {
        count += 1
        if count <= Self.limit { StandardError.say("warning: \(text)") }
        if count == Self.limit { StandardError.say("warning: further ones like these are not shown") }
    }
}

/// A word in quotes for messages, shortened if it is long.
func quoted(_ text: some StringProtocol) -> String {
    let start = text.prefix(60)
    return start.endIndex == text.endIndex ? "`\(start)`" : "`\(start)…`"
}
