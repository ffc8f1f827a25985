import RembusWire

/// The right of one component to do something with private topics.
package struct Grant: Sendable, Hashable {
    /// The component, by its whole name; the same bytes, not what merely looks alike.
    package var name: String
    /// A topic, or a pattern for all the topics that it matches (behaviour.md §6).
    package var topic: String
    /// The actions that the component may carry out.
    package var actions: Set<TrustAction>

    /// - Parameter actions: All four of them, unless said otherwise, which is what `authorize` gives.
    package init(name: String, topic: String, actions: Set<TrustAction> = TrustAction.all) {
        self.name = name
        self.topic = topic
        self.actions = actions
    }

    /// Whether this is about the component and topic with these very bytes.
    package func concerns(name: String, topic: String) -> Bool {
        ExactText(self.name) == ExactText(name) && ExactText(self.topic) == ExactText(topic)
    }

    package static func == (left: Grant, right: Grant) -> Bool {
        left.concerns(name: right.name, topic: right.topic) && left.actions == right.actions
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ExactText(name))
        hasher.combine(ExactText(topic))
        hasher.combine(actions)
    }
}

/// In JSON the actions are a sorted list, which is left out when it has all four.
extension Grant: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name
        case topic
        case actions
    }

    package init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(except: CodingKeys.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .name)
        let topic = try container.decode(String.self, forKey: .topic)
        (self.name, self.topic) = (name, topic)
        try container.check(.name) { () throws(TrustError) in try TrustDocument.checkName(name) }
        try container.check(.topic) { () throws(TrustError) in try TrustDocument.checkTopic(topic) }
        // Left out means all four; null does not.
        actions =
            container.contains(.actions)
            ? Set(try container.decode([TrustAction].self, forKey: .actions)) : TrustAction.all
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(topic, forKey: .topic)
        if actions != TrustAction.all {
            try container.encode(actions.sorted { $0.rawValue < $1.rawValue }, forKey: .actions)
        }
    }
}
