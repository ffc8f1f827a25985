import Metrics
import NIOCore
import RembusListening
import RembusTransport
import RembusWire

/// What one lane counts: plain numbers, which ``report(_:)`` hands to swift-metrics from time to time.
///
/// Touched on the lane's event loop only.
final class LaneMetrics {
    /// Whether anybody is told; what would cost more than an addition is not done without.
    let isEnabled: Bool
    private let factory: any MetricsFactory
    private let topics: MetricTopics
    private let memory: LoopMemory?
    /// By the transport's index; made for its first connection and kept.
    private(set) var traffic: [TrafficCount?]
    /// Connections since the last report, by transport.
    var accepted: [UInt64]
    /// Topics that have metrics of their own and were used on this lane.
    private var byTopic: [String: TopicCount] = [:]
    private let others = TopicCount(label: MetricTopics.other)
    /// Whether topics are counted although nobody is told, for whoever asks for a status.
    var countsTopics = false
    /// From the first publication of a read to the end of its flush.
    @exclusivity(unchecked) var routing = DurationCount(bounds: BrokerMetrics.routingBuckets)
    /// When the first publication of this read was handled; 0 before.
    @exclusivity(unchecked) var routingBegan: UInt64 = 0
    /// Answers to calls, by ``CallOutcome``.
    private(set) var outcomes = [UInt64](repeating: 0, count: CallOutcome.allCases.count)
    /// Deliveries that were acknowledged, that were sent again, and subscriptions that could not keep up.
    @exclusivity(unchecked) var acknowledged: UInt64 = 0
    var retransmitted: UInt64 = 0
    var fellBehind: UInt64 = 0
    private var reporter: LaneReporter?
    private var ticksUntilReport = 0

    /// Hands its figures to the metrics factory that is there when it is made.
    ///
    /// - Parameter memory: What the lane's connections hold.
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

    /// Where the messages of a transport's connections are counted.
    func traffic(of transport: TransportKind) -> TrafficCount {
        if let count = traffic[transport.index] { return count }
        let count = TrafficCount()
        traffic[transport.index] = count
        return count
    }

    /// Where the publications of a topic are counted: its own place, or that of all others.
    func topicCount(_ topic: String) -> TopicCount {
        if let count = byTopic[topic] { return count }
        guard isEnabled || countsTopics, topics.admit(topic) else { return others }
        let count = TopicCount(label: topic)
        byTopic[topic] = count
        return count
    }

    /// Every place where publications are counted.
    var topicCounts: [TopicCount] { Array(byTopic.values) + [others] }

    /// Whether a place is that of all topics without one of their own.
    func isShared(_ count: TopicCount) -> Bool { count === others }

    /// Counts an answer that a provider gave. Only methods that work get a place of their own: callers make up names.
    func answered(_ topic: String, nanoseconds: Int64, isOK: Bool) {
        guard isEnabled else { return }
        let count = byTopic[topic] ?? (isOK || topics.knows(topic) ? topicCount(topic) : others)
        count.called(nanoseconds: nanoseconds)
    }

    /// Counts what a caller was told.
    func told(_ status: StatusCode) {
        outcomes[CallOutcome(status).rawValue] += 1
    }

    /// Ends a read whose publications are on their way.
    func endRouting(at time: NIODeadline) {
        let duration = time.uptimeNanoseconds &- routingBegan
        routingBegan = 0
        routing.add(nanoseconds: Int64(truncatingIfNeeded: duration))
    }

    // MARK: Handing over

    /// What was counted is handed over this often, when nobody asks for it.
    private static let reportInterval = TimeAmount.seconds(1)

    /// Called by the lane's timer.
    func tick(every interval: TimeAmount, _ sessions: some Collection<Session>) {
        ticksUntilReport -= 1
        guard isEnabled, ticksUntilReport <= 0 else { return }
        ticksUntilReport = Int(Self.reportInterval.nanoseconds / interval.nanoseconds)
        report(sessions)
    }

    /// Hands everything that was counted since the last time to swift-metrics.
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
    /// Its place in arrays.
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
