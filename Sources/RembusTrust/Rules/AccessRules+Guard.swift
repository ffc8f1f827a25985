extension AccessRules {
    /// Whether anybody could be refused a topic, so that publishers have to be checked.
    package func isGuarded(_ topic: String) -> Bool {
        hasReadOnlyNames || isPrivate(topic)
    }
}
