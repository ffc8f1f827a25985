import RembusWire

/// Something that brokers tell each other about: a topic or pattern that somebody wants, or a method that somebody provides.
struct MeshInterest: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        /// Publications under the topic, or those that the pattern matches, are wanted.
        case subscription
        /// Calls of the method are answered.
        case method
    }

    let kind: Kind
    let text: ExactText

    init(_ kind: Kind, _ text: some StringProtocol) {
        self.kind = kind
        self.text = ExactText(text)
    }

    var isPattern: Bool { kind == .subscription && TopicPattern.isPattern(text.text) }
}

/// Names a link to another broker for as long as the process lives.
typealias MeshLinkID = DestinationID
