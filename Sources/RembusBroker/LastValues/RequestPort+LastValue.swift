import RembusTrust

extension RequestPort {
    /// The answer to a request for the last value of a topic.
    package enum LastValueAnswer {
        case value(LastValue)
        case absent
        /// This identity may not know the value, for the reason given in a sentence.
        case denied(String)
    }

    /// The last value of a topic, if this identity has the right to it; nil when the session has ended.
    package func lastValue(of topic: String) -> LastValueAnswer? {
        guard let session = session?.session else { return nil }
        guard session.may(.subscribe, topic) else {
            session.deny(.subscribe, topic)
            return .denied(session.refusalText(.subscribe, topic))
        }
        guard let value = session.core.lastValues.value(of: topic, tenant: session.principal.tenant) else {
            return .absent
        }
        return .value(value)
    }
}
