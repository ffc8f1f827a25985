/// The exit statuses, by which scripts can tell what has happened.
enum ExitStatus: Int32, CaseIterable {
    case success = 0
    case failure = 1
    case incomplete = 3
    case timeout = 4
    case refused = 5
    case usage = 64

    /// The meaning of the status, for the documentation.
    var meaning: String {
        switch self {
        case .success: "done; also the end of `broker`, `sub` and `expose` by SIGINT or SIGTERM"
        case .failure: "failed: no connection, connection lost, file not readable, name in use, …"
        case .incomplete:
            "`bench`: messages were lost, or calls failed; `sub --from`: messages were not printed"
        case .timeout: "no answer, no acknowledgement or not enough messages in time"
        case .refused:
            "a call got an error status, such as 42 (method not found); a publication was refused"
        case .usage: "the command line is wrong: unknown option, missing argument, bad URL"
        }
    }
}
