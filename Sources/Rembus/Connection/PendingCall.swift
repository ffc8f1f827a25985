import NIOCore

/// A request that waits for its answer.
struct PendingCall: Sendable {
    /// How the answer reaches whoever asked.
    enum Completion: Sendable {
        case continuation(CheckedContinuation<Reply, any Error>)
        /// Runs on the event loop; for requests that the session makes by itself.
        case handler(@Sendable (Result<Reply, RembusError>) -> Void)
    }

    /// What was asked, for error messages: `call of add`.
    var subject: Subject
    var deadline: NIODeadline
    var timeout: Duration
    var completion: Completion

    enum Subject: Sendable, CustomStringConvertible {
        case call(String)
        case command(AdminCommand, topic: String)
        case login
        case registration(String)
        case unregistration

        var description: String {
            switch self {
            case .call(let topic): "call of `\(topic)`"
            case .command(let command, let topic): "command \(command.name) on `\(topic)`"
            case .login: "login"
            case .registration(let name): "registration of `\(name)`"
            case .unregistration: "unregistration"
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
        complete(.failure(RembusError(.timeout, "The \(subject) got no answer within \(timeout.seconds) s.")))
    }

    /// The task that waited was cancelled; it does not get an answer that arrived at the same time.
    func cancel() {
        switch completion {
        case .continuation(let continuation): continuation.resume(throwing: CancellationError())
        case .handler(let handler): handler(.failure(RembusError(.closed, "The \(subject) was cancelled.")))
        }
    }
}

extension AdminCommand {
    /// The name of the command on the wire.
    var name: String { data[Field.command]?.stringValue ?? "" }
}
