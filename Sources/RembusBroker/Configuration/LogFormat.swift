/// How the command writes its log to standard error.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One line of text per entry: time, level, message.
    case text
    /// One JSON object per line: `time`, `level`, `logger`, `source`, `message`, and `metadata` if there is any.
    case json
}
