/// How the command writes its log on standard error.
public enum LogFormat: String, Sendable, CaseIterable {
    /// A line of text per event: time, level, message.
    case text
    /// A JSON object per line: `time`, `level`, `logger`, `source`, `message`, and `metadata` where there is any.
    case json
}
