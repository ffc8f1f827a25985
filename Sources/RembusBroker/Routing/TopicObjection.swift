/// Why nothing can be published under a topic. One rule for components of every protocol; how it is said is theirs.
package enum TopicObjection: Sendable, Equatable {
    /// It has no bytes, or this many, which is more than allowed.
    case length(Int)
    /// It contains a `*` (known-defects.md R31).
    case isPattern
    /// It has too many segments.
    case isTooDeep
    /// It is the broker's own, in the protocol that it came with.
    case isReserved

    /// nil when the topic can be used.
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

    /// What is wrong with the length alone, which is looked at before anything is done with the topic.
    @inline(__always)
    init?(length: Int, maxBytes: Int) {
        guard length == 0 || length > maxBytes else { return nil }
        self = .length(length)
    }

    /// What a component of Rembus is told, and the log.
    func text(_ topic: String, _ limits: BrokerLimits) -> String {
        switch self {
        case .length(let count): BrokerText.topicLength(count, limits.maxTopicBytes)
        case .isPattern: BrokerText.pattern(topic)
        case .isTooDeep: BrokerText.deep(topic, limits.maxTopicSegments)
        case .isReserved: BrokerText.reservedTopic(topic)
        }
    }
}
