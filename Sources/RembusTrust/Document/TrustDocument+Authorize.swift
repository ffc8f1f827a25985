import RembusWire

extension TrustDocument {
    /// Carries out `authorize` (protocol.md §8): adds a grant, and makes the topic private if it is not. A pattern does
    /// not make topics private; the grant is then for the private topics that it matches.
    package mutating func authorize(
        _ name: String, _ topic: String, _ actions: Set<TrustAction> = TrustAction.all
    ) {
        grant(name, topic, actions)
        guard !TopicPattern.isPattern(topic), !privateTopics.contains(topic) else { return }
        let isCovered = privateTopics.contains { TopicPattern.isPattern($0) && TopicPattern($0).matches(topic) }
        if !isCovered { makePrivate(topic) }
    }
}
