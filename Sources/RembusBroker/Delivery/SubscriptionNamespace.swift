package import RembusWire

/// The subscriptions of a gateway's clients, kept apart from those of components.
///
/// Their texts begin with a prefix that no component may use. So the subscriptions of a client and of a component with
/// the same name stay apart, also in the file of components. The gateway interprets the text behind the prefix, which
/// may have other wildcards than Rembus.
package final class SubscriptionNamespace: Sendable {
    /// The meaning of a text behind the prefix.
    package struct Meaning: Sendable {
        /// The topic that publications are compared with or, with ``pattern``, the text of the pattern.
        package var topic: String
        /// The pattern; nil for an exact topic.
        package var pattern: TopicPattern?
        /// Whether the subscription belongs to a group: of all subscriptions with the same text, one gets each
        /// publication.
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

    /// The full text of a subscription, as tables and records have it. `own` is the text without the prefix.
    package func text(of own: String) -> String { prefix + own }

    /// The text without the prefix.
    func own(_ text: String) -> String { String(Substring(text.utf8.dropFirst(prefix.utf8.count))) }

    func owns(_ text: String) -> Bool { text.utf8.starts(with: prefix.utf8) }

    func meaning(of text: String) -> Meaning { meaning(own(text)) }

    /// Identifies a client's subscription in the records of its deliveries; the same in every run of the broker.
    package static func key(ofText text: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}

/// The namespaces that a broker knows. Those of closed gateways are included, because records of components may have
/// their texts.
struct SubscriptionNamespaces: Sendable {
    let all: [SubscriptionNamespace]

    static let none = Self(all: [])

    /// The namespace that a text belongs to; nil for a component's text.
    func owner(of text: String) -> SubscriptionNamespace? { all.first { $0.owns(text) } }
}
