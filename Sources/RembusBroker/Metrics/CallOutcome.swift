import RembusWire

/// The outcomes of calls that metrics distinguish.
enum CallOutcome: Int, CaseIterable {
    case ok, error, exception, arguments, notFound, unavailable, loopback, noTarget, targetDown, other

    init(_ status: StatusCode) {
        self =
            switch status {
            case .ok: .ok
            case .error: .error
            case .methodException: .exception
            case .methodArgsError: .arguments
            case .methodNotFound: .notFound
            case .methodUnavailable: .unavailable
            case .methodLoopback: .loopback
            case .targetNotFound: .noTarget
            case .targetDown: .targetDown
            default: .other
            }
    }

    /// The value of the label `status`.
    var label: String {
        switch self {
        case .ok: "ok"
        case .error: "error"
        case .exception: "exception"
        case .arguments: "arguments"
        case .notFound: "not_found"
        case .unavailable: "unavailable"
        case .loopback: "loopback"
        case .noTarget: "no_target"
        case .targetDown: "target_down"
        case .other: "other"
        }
    }
}
