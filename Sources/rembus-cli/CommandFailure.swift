import Rembus

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
    /// What the SDK reports, as this program says it.
    init(_ error: RembusError) {
        let status: ExitStatus
        switch error.code {
        case .timeout: status = .timeout
        case .invalidURL: status = .usage
        default: status = error.status == nil ? .failure : .refused
        }
        self.init(Self.phrase(error.message), status: status)
    }

    /// A sentence in the form of the other messages: it follows `rembus: `, so it starts small and has no full stop.
    static func phrase(_ sentence: String) -> String {
        var text = Substring(sentence)
        if text.hasSuffix(".") { text.removeLast() }
        // `JSON` stays as it is, `A key` does not.
        guard let first = text.first, first.isUppercase, let second = text.dropFirst().first,
            second.isLowercase || second.isWhitespace
        else { return String(text) }
        return first.lowercased() + text.dropFirst()
    }
}
