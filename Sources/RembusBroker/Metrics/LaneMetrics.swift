import Metrics
import NIOCore
import RembusListening
import RembusTransport
import RembusWire

/// The counts of one lane, in plain numbers that ``report(_:)`` passes to swift-metrics from time to time.
///
/// Used on the lane's event loop only.
final class LaneMetrics {
    /// Whether there is a metrics factory. Without one, only what costs more than an addition is left out.
    let isEnabled: Bool
    private let factory: any MetricsFactory
    private let topics: MetricTopics
    private let memory: LoopMemory?
    /// By the transport's index. A count is made for the transport's first connection and kept.
    private(set) var traffic: [TrafficCount?]
    /// Connections since the last report, by transport.
    var accepted: [UInt64]
    /// Topics that have metrics of their own and were used on this lane.
    private var byTopic: [String: TopicCount] = [:]
    private let others = TopicCount(label: MetricTopics.other)
    /// Whether topics are counted even without a metrics factory, for the broker's status.
    var countsTopics = false
    /// From the first publication of a read to the end of the flush behind it.
    @exclusivity(unchecked) var routing = DurationCount(bounds: BrokerMetrics.routingBuckets)
    /// When the first publication of this read was handled; 0 before.
    @exclusivity(unchecked) var routingBegan: UInt64 = 0
    /// Answers to calls, by ``CallOutcome``.
    private(set) var outcomes = [UInt64](repeating: 0, count: CallOutcome.allCases.count)
    /// Acknowledged deliveries, deliveries that were sent again, and subscriptions that fell behind.
    @exclusivity(unchecked) var acknowledged: UInt64 = 0
    var retransmitted: UInt64 = 0
    var fellBehind: UInt64 = 0
    private var reporter: LaneReporter?
    private var ticksUntilReport = 0

    /// Reports to the metrics factory that is set when this is made.
    ///
    /// - Parameter memory: The memory that the lane's connections hold.
    init(topics: MetricTopics, memory: LoopMemory? = nil) {
        self.topics = topics
        self.memory = memory
        factory = MetricsSystem.factory
        isEnabled = !(factory is NOOPMetricsHandler)
        traffic = Array(repeating: nil, count: TransportKind.allCases.count)
        accepted = Array(repeating: 0, count: TransportKind.allCases.count)
    }

    deinit {
        for case .some(let count) in traffic { count.deallocate() }
    }

    // MARK: Counting

    /// The counts of a transport's connections.
    func traffic(of transport: TransportKind) -> TrafficCount {
        if let count = traffic[transport.index] { return count }
        let count = TrafficCount()
        traffic[transport.index] = count
        return count
    }

    /// The count of a topic: its own, or that of all other topics.
    func topicCount(_ topic: String) -> TopicCount {
        if let count = byTopic[topic] { return count }
        guard isEnabled || countsTopics, topics.admit(topic) else { return others }
        let count = TopicCount(label: topic)
        byTopic[topic] = count
        return count
    }

    /// Every count of a topic.
    var topicCounts: [TopicCount] { Array(byTopic.values) + [others] }

    /// Whether a count is that of all topics without one of their own.
    func isShared(_ count: TopicCount) -> Bool { count === others }

    /// Counts the answer of a provider. Only methods that answered with success get a count of their own, because
    /// callers can make up names.
    func answered(_ topic: String, nanoseconds: Int64, isOK: Bool) {
        guard isEnabled else { return }
        let count = byTopic[topic] ?? (isOK || topics.knows(topic) ? topicCount(topic) : others)
        count.called(nanoseconds: nanoseconds)
    }

    /// Counts an answer by its status.
    func told(_ status: StatusCode) {
        outcomes[CallOutcome(status).rawValue] += 1
    }

    /// Ends a read whose publications are on their way.
    func endRouting(at time: NIODeadline) {
        let duration = time.uptimeNanoseconds &- routingBegan
        routingBegan = 0
        routing.add(nanoseconds: Int64(truncatingIfNeeded: duration))
    }

    // MARK: Reporting

    /// How often counts are reported when nobody asks for them.
    private static let reportInterval = TimeAmount.seconds(1)

    /// Called by the lane's timer.
    func tick(every interval: TimeAmount, _ sessions: some Collection<Session>) {
        ticksUntilReport -= 1
        guard isEnabled, ticksUntilReport <= 0 else { return }
        ticksUntilReport = Int(Self.reportInterval.nanoseconds / interval.nanoseconds)
        report(sessions)
    }

    /// Reports to swift-metrics everything that was counted since the last report.
    func report(_ sessions: some Collection<Session>) {
        guard isEnabled else { return }
        let reporter = reporter ?? LaneReporter(factory)
        self.reporter = reporter
        for transport in TransportKind.allCases {
            guard let count = traffic[transport.index] else { continue }
            reporter.report(count, of: transport, accepted: accepted[transport.index])
            accepted[transport.index] = 0
        }
        for count in byTopic.values { reporter.report(count) }
        reporter.report(others)
        reporter.report(&routing, to: reporter.routing)
        for outcome in CallOutcome.allCases {
            reporter.outcomes[outcome.rawValue].increment(by: Int64(clamping: outcomes[outcome.rawValue]))
            outcomes[outcome.rawValue] = 0
        }
        reporter.acknowledged.take(&acknowledged)
        reporter.retransmitted.take(&retransmitted)
        reporter.fellBehind.take(&fellBehind)
        reporter.report(SessionTotals(sessions))
        if let memory { reporter.report(memory.held) }
    }
}

extension TransportKind {
    /// The place of the transport in arrays.
    var index: Int {
        switch self {
        case .ws: 0
        case .wss: 1
        case .tcp: 2
        case .tls: 3
        case .zmq: 4
        case .http: 5
        case .https: 6
        case .mqtt: 7
        case .mqtts: 8
        case .bridge: 9
        }
    }
}
