import Synchronization

/// What one lane counts of one topic, or of all that have no count of their own. Lives as long as the lane.
final class TopicCount {
    let label: String
    /// Accepted publications since they were last handed over; where routes point to.
    let published: UnsafeMutablePointer<UInt64>
    /// How many those were that were handed over.
    var handedOver: UInt64 = 0
    /// How long calls took; made for the first one.
    var calls: DurationCount?
    /// Publications a second when that was last looked at; nil when nobody looks.
    private(set) var rate: Double?
    private var seen: UInt64?
    /// A recent publication, where somebody wants to know.
    var sample: TopicSampler.Sample?

    init(label: String) {
        self.label = label
        published = .allocate(capacity: 1)
        published.initialize(to: 0)
    }

    deinit {
        published.deallocate()
    }

    /// Accepted publications since they are counted.
    var total: UInt64 { handedOver &+ published.pointee }

    /// Finds out how fast publications come, so many seconds after the last look; nil when nobody wants to know any more.
    func look(after seconds: Double?) {
        guard let seconds else { return (rate, seen, sample) = (nil, nil, nil) }
        let total = total
        rate = seen.map { Double(total &- $0) / seconds }
        seen = total
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
