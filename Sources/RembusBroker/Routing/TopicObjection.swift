/// Why a topic cannot be published to. The rule is the same for all protocols, each of which has its own words for it.
package enum TopicObjection: Sendable, Equatable {
    /// The topic is empty or too long. The number is its length in bytes.
    case length(Int)
    /// The topic contains a `*` (known-defects.md R31).
    case isPattern
    /// The topic has too many segments.
    case isTooDeep
    /// The topic is reserved by the protocol that it came with.
    case isReserved

    /// nil when the topic can be published to.
    package init?(_ topic: UnsafeRawBufferPointer, maxBytes: Int = .max, maxSegments: Int) {
        if let objection = TopicObjection(length: topic.count, maxBytes: maxBytes) {
            self = objection
            return
        }
        var slashes = 0
        for byte in topic {
            if byte == UInt8(ascii: "*") {
                self = .isPattern
                return
            }
            if byte == UInt8(ascii: "/") { slashes &+= 1 }
        }
        guard slashes >= maxSegments else { return nil }
        self = .isTooDeep
    }

    /// Checks the length alone, before anything else is done with the topic.
    @inline(__always)
    init?(length: Int, maxBytes: Int) {
        guard length == 0 || length > maxBytes else { return nil }
        self = .length(length)
    }

    /// The text for components and the log.
    func text(_ topic: String, _ limits: BrokerLimits) -> String {
        switch self {
        case .length(let count): BrokerText.topicLength(count, limits.maxTopicBytes)
        case .isPattern: BrokerText.pattern(topic)
        case .isTooDeep: BrokerText.deep(topic, limits.maxTopicSegments)
        case .isReserved: BrokerText.reservedTopic(topic)
        }
    }
}
