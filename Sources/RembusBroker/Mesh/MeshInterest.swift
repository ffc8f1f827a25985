import RembusWire

/// Something that brokers tell each other about: a topic or pattern that somebody wants, or a method that somebody provides.
struct MeshInterest: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Publications under the topic, or those that the pattern matches, are wanted.
        case subscription
        /// Calls of the method are answered.
        case method
        /// A broker of ours has a link to one of another implementation. Only brokers of ours are told, see ``MeshCycles``.
        case link
    }

    let kind: Kind
    let text: ExactText

    init(_ kind: Kind, _ text: some StringProtocol) {
        self.kind = kind
        self.text = ExactText(text)
    }

    /// What another broker of ours says that it wants.
    init(wanted topic: String) {
        self.init(MeshCycles.Source(topic) == nil ? .subscription : .link, topic)
    }

    var isPattern: Bool { kind == .subscription && TopicPattern.isPattern(text.text) }

    /// Topics that stand for what is wanted: private are all of them, or not all that it matches is private. A `*` in a
    /// sample stands for any segment.
    var samples: [String] {
        let text = text.string
        guard isPattern, text.contains("**") else { return [text] }
        return ["*", "*/*/*"].map { text.replacing("**", with: $0) }
    }
}

/// Names a link to another broker for as long as the process lives.
typealias MeshLinkID = DestinationID
