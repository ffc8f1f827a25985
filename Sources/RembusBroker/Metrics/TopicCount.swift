import Synchronization

/// What one lane counts of one topic, or of all that have no count of their own. Lives as long as the lane.
final class TopicCount {
    let label: String
    /// Accepted publications since they were last handed over; where routes point to.
    let published: UnsafeMutablePointer<UInt64>
    /// How long calls took; made for the first one.
    var calls: DurationCount?

    init(label: String) {
        self.label = label
        published = .allocate(capacity: 1)
        published.initialize(to: 0)
    }

    deinit {
        published.deallocate()
    }

    func called(nanoseconds: Int64) {
        if calls == nil { calls = DurationCount(bounds: BrokerMetrics.callBuckets) }
        calls?.add(nanoseconds: nanoseconds)
    }
}

/// Which topics have metrics of their own: the first ones that were used, as many as allowed. Those of all lanes are the
/// same, so that there are no more names in the metrics than configured, whoever thinks them up.
final class MetricTopics: Sendable {
    /// What all others are called.
    static let other = "other"
    /// Longer topics are among the others: a label is no place for them.
    private static let maxTopicBytes = 256

    private let limit: Int
    private let names = Mutex<Set<String>>([])

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a topic has metrics of its own, from now on if there is room.
    func admit(_ topic: String) -> Bool {
        guard topic.utf8.count <= Self.maxTopicBytes else { return false }
        return names.withLock { names in
            if names.contains(topic) { return true }
            guard names.count < limit else { return false }
            names.insert(topic)
            return true
        }
    }

    /// Whether a topic has metrics of its own already.
    func knows(_ topic: String) -> Bool { names.withLock { $0.contains(topic) } }
}
