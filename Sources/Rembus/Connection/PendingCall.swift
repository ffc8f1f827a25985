import NIOCore

/// A request that waits for its answer.
struct PendingCall: Sendable {
    /// How the caller gets the answer.
    enum Completion: Sendable {
        case continuation(CheckedContinuation<Reply, any Error>)
        /// Called on the event loop, for requests of the session itself.
        case handler(@Sendable (Result<Reply, RembusError>) -> Void)
    }

    /// What was asked for, for error messages: `call of add`.
    var subject: Subject
    var deadline: NIODeadline
    var timeout: CallTimeout
    var completion: Completion

    enum Subject: Sendable, CustomStringConvertible {
        case call(String)
        case command(AdminCommand, topic: String)
        case login
        case registration(String)
        case unregistration
        case publication(String)

        /// The name of the method, topic or component that the request is about.
        var topic: String {
            switch self {
            case .call(let topic), .command(_, let topic), .registration(let topic), .publication(let topic): topic
            case .login, .unregistration: ""
            }
        }

        var description: String {
            switch self {
            case .call(let topic): "call of `\(topic)`"
            case .command(let command, let topic): "command \(command.name) on `\(topic)`"
            case .login: "login"
            case .registration(let name): "registration of `\(name)`"
            case .unregistration: "unregistration"
            case .publication(let topic): "publication on `\(topic)`"
            }
        }
    }

    func complete(_ result: Result<Reply, RembusError>) {
        switch completion {
        case .continuation(let continuation): continuation.resume(with: result.mapError { $0 })
        case .handler(let handler): handler(result)
        }
    }

    func expire() {
        complete(.failure(RembusError(.timeout, "The \(subject) got no answer within \(timeout).")))
    }

    /// Cancels the wait. An answer that arrives at the same time is dropped.
    func cancel() {
        switch completion {
        case .continuation(let continuation): continuation.resume(throwing: CancellationError())
        case .handler(let handler): handler(.failure(RembusError(.closed, "The \(subject) was cancelled.")))
        }
    }
}

/// How long the caller waits for an answer, and where that limit comes from.
struct CallTimeout: Sendable, CustomStringConvertible {
    let duration: Duration
    private let isSetting: Bool

    init(_ given: Duration?, setting: Duration) {
        (duration, isSetting) = (given ?? setting, given == nil)
    }

    var description: String {
        isSetting
            ? "\(duration.seconds) s (this component's `request_timeout`). Give the call a longer time-out, or raise the setting"
            : "\(duration.seconds) s (the time-out of the call). Give it a longer one"
    }
}

extension AdminCommand {
    /// The name of the command on the wire.
    var name: String { data[Field.command]?.stringValue ?? "" }
}
