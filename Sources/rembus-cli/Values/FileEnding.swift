import Foundation

/// The ending of a file name, which tells the format of the file.
struct FileEnding {
    /// The ending in lower case, without the dot.
    let text: String

    /// nil for a name without an ending, such as that of a pipe.
    init?(of path: String) {
        let text = URL(fileURLWithPath: path).pathExtension.lowercased()
        guard !text.isEmpty else { return nil }
        self.text = text
    }

    init(text: String) {
        self.text = text
    }

    /// The failure for an unknown ending.
    func isUnknown(_ subject: String, among known: [String], otherwise advice: String) -> CommandFailure {
        CommandFailure(
            "\(subject): the ending .\(text) is none of \(known.map { ".\($0)" }.joined(separator: ", ")); \(advice)",
            status: .usage)
    }
}
