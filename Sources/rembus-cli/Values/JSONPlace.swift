import RembusWire

/// Why a text is not JSON, with the position as editors show it.
struct JSONPlace {
    /// The problem with its position, without a full stop: "missing `]`: close the array (column 6)".
    let problem: String

    /// Parses the text again. The position has a line if the text has several.
    init(in text: some StringProtocol) {
        do throws(JSONText.SyntaxError) {
            _ = try JSONText(Array(text.utf8))
            problem = "it is"
        } catch {
            let isOneLine = !text.utf8.dropLast().contains(UInt8(ascii: "\n"))
            let place = isOneLine ? "column \(error.position.column)" : "\(error.position)"
            problem = "\(CommandFailure.phrase(error.problem)) (\(place))"
        }
    }
}
