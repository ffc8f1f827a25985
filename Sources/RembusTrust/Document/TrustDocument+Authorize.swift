import RembusWire

extension TrustDocument {
    /// What `authorize` means (protocol.md §8): a grant, for a topic that becomes private if it is not. A pattern makes
    /// nothing private: it opens what is.
    package mutating func authorize(
        _ name: String, _ topic: String, _ actions: Set<TrustAction> = TrustAction.all
    ) {
        grant(name, topic, actions)
        guard !TopicPattern.isPattern(topic), !privateTopics.contains(topic) else { return }
        let isCovered = privateTopics.contains { TopicPattern.isPattern($0) && TopicPattern($0).matches(topic) }
        if !isCovered { makePrivate(topic) }
    }
}
