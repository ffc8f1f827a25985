import Rembus
import RembusBroker
import RembusServer

/// A failure that the command line reports as one sentence on standard error.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String
    var status: ExitStatus

    init(_ description: String, status: ExitStatus = .failure) {
        self.description = description
        self.status = status
    }
}

extension CommandFailure {
    /// An error of the SDK, in the form of this program.
    init(_ error: RembusError) {
        let status: ExitStatus
        switch error.code {
        case .timeout: status = .timeout
        case .invalidURL: status = .usage
        default: status = error.status == nil ? .failure : .refused
        }
        self.init(Self.phrase(error.message), status: status)
    }

    /// An error of a broker.
    init(_ error: BrokerError) {
        self.init(error.description, status: error.isUsage ? .usage : .failure)
    }

    /// A sentence in the form of the other messages.
    static func phrase(_ sentence: String) -> String { BrokerError.phrase(sentence) }
}
