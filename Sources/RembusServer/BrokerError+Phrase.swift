package import RembusBroker

extension BrokerError {
    /// A sentence in the form of the other messages: it follows `rembus: `, so it starts small and has no full stop.
    package static func phrase(_ sentence: String) -> String {
        var text = Substring(sentence)
        if text.hasSuffix(".") { text.removeLast() }
        // `JSON` stays as it is, `A key` does not.
        guard let first = text.first, first.isUppercase, let second = text.dropFirst().first,
            second.isLowercase || second.isWhitespace
        else { return String(text) }
        return first.lowercased() + text.dropFirst()
    }

    /// An error of a part of the broker as one of the broker.
    init(_ error: any Error) {
        self = error as? BrokerError ?? BrokerError("\(error)")
    }
}
