extension AccessRules {
    /// Whether anybody could be refused for a topic, so that senders have to be asked for.
    package func isGuarded(_ topic: String) -> Bool {
        hasReadOnlyNames || isPrivate(topic)
    }
}
