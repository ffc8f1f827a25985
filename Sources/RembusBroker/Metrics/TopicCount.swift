import Synchronization

/// The counts of one lane for one topic, or for all topics without counts of their own. Lives as long as the lane.
final class TopicCount {
    let label: String
    /// Accepted publications since the last report. Routes point to it.
    let published: UnsafeMutablePointer<UInt64>
    /// Accepted publications that were reported.
    var handedOver: UInt64 = 0
    /// The durations of calls; made for the first call.
    var calls: DurationCount?
    /// Publications per second at the last look; nil while there is no status to show it in.
    private(set) var rate: Double?
    private var seen: UInt64?
    /// A recent publication, while there is a status to show it in.
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

    /// Computes the rate of publications, `seconds` after the last look; nil stops that.
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

/// The topics that have metrics of their own: those that were used first, up to a limit. All lanes share them. So there
/// are no more names in the metrics than configured, whatever names components make up.
final class MetricTopics: Sendable {
    /// The label of all other topics.
    static let other = "other"
    /// Longer topics share the label of the others, because they are too long for a label.
    private static let maxTopicBytes = 256

    private let limit: Int
    private let names = Mutex<Set<String>>([])

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether a topic has metrics of its own. It gets them now if there is room.
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
