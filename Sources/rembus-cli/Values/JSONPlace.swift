import RembusWire

/// Why a text is not JSON, with the place as an editor shows it.
struct JSONPlace {
    /// What is wrong and where, without a full stop: "missing `]`: close the array (column 6)".
    let problem: String

    /// Reads the text once more; the line is part of the place when there are several.
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
