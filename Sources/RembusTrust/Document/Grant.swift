import RembusWire

/// The right of one component to use private topics.
package struct Grant: Sendable, Hashable {
    /// The whole name of the component. Names are compared by bytes, so one that only looks the same is another name.
    package var name: String
    /// A topic, or a pattern for all the topics that it matches (behaviour.md §6).
    package var topic: String
    /// The actions that the component may perform.
    package var actions: Set<TrustAction>

    /// - Parameter actions: The actions; by default all four, as `authorize` grants them.
    package init(name: String, topic: String, actions: Set<TrustAction> = TrustAction.all) {
        self.name = name
        self.topic = topic
        self.actions = actions
    }

    /// Whether the grant is for this component and topic, compared by bytes.
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
        // A missing list means all four actions; null does not.
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

/// An action of a component on a private topic.
package enum TrustAction: String, Sendable, CaseIterable, Codable {
    case publish
    case subscribe
    case call
    case expose

    /// The actions that the command `authorize` grants (protocol.md §8).
    package static let all = Set(allCases)
}
