import RembusWire

@testable import RembusBroker

extension SubscriptionNamespace {
    /// The subscriptions of a gateway whose wildcards are `+` and `#`, and whose groups are written `$share/<group>/<filter>`.
    static let filters = SubscriptionNamespace(prefix: "$test/") { text in
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        let isShared = parts.count == 3 && parts[0] == "$share"
        let filter = isShared ? String(parts[2]) : text
        let isPattern = filter.contains("+") || filter.contains("#")
        return Meaning(
            topic: filter, pattern: isPattern ? TopicPattern(mqttFilter: filter) : nil, isShared: isShared)
    }
}
