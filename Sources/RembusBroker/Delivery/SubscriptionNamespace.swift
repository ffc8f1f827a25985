package import RembusWire

/// The subscriptions that the clients of a gateway have, apart from those of components.
///
/// Their texts begin with a prefix that no component may use, so that what a client and a component of one name have
/// subscribed stays apart, also in the file of components. What the text behind the prefix means, the gateway says: it may
/// have another grammar of wildcards than Rembus.
package final class SubscriptionNamespace: Sendable {
    /// What a text behind the prefix stands for.
    package struct Meaning: Sendable {
        /// What publications are compared with: a topic or, with ``pattern``, the text of a pattern.
        package var topic: String
        /// nil for an exact topic.
        package var pattern: TopicPattern?
        /// Whether the subscription is one of a group: of all with the same text one gets each publication.
        package var isShared: Bool

        package init(topic: String, pattern: TopicPattern? = nil, isShared: Bool = false) {
            self.topic = topic
            self.pattern = pattern
            self.isShared = isShared
        }
    }

    package let prefix: String
    private let meaning: @Sendable (String) -> Meaning

    package init(prefix: String, meaning: @escaping @Sendable (String) -> Meaning) {
        self.prefix = prefix
        self.meaning = meaning
    }

    /// The text of a subscription, in records and in the tables.
    package func text(of own: String) -> String { prefix + own }

    /// The opposite.
    func own(_ text: String) -> String { String(Substring(text.utf8.dropFirst(prefix.utf8.count))) }

    func owns(_ text: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

    func meaning(of text: String) -> Meaning { meaning(own(text)) }

    /// Tells a client's subscriptions apart in what is written down of their deliveries: the same in every run.
    package static func key(ofText text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}

/// The namespaces that a broker knows. Also those whose gateway is not open: components' records may have texts of theirs.
struct SubscriptionNamespaces: Sendable {
    let all: [SubscriptionNamespace]

    static let none = Self(all: [])

    /// Whose text it is; nil for a component's.
    func owner(of text: String) -> SubscriptionNamespace? { all.first { $0.owns(text) } }
}
