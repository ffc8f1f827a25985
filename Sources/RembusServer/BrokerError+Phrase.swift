package import RembusBroker

extension BrokerError {
    /// A sentence in the form of the other messages. They stand behind `rembus: `, so they begin in lower case and have
    /// no full stop.
    package static func phrase(_ sentence: String) -> String {
        var text = Substring(sentence)
        if text.hasSuffix(".") { text.removeLast() }
        // `JSON` stays as it is; the `A` of `A key` becomes lower case.
        guard let first = text.first, first.isUppercase, let second = text.dropFirst().first,
            second.isLowercase || second.isWhitespace
        else { return String(text) }
        return first.lowercased() + text.dropFirst()
    }

    /// Converts an error of a part of the broker.
    init(_ error: any Error) {
        self = error as? BrokerError ?? BrokerError("\(error)")
    }
}
