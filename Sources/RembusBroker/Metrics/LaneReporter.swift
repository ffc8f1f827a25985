import Metrics
import RembusListening
import RembusMetrics
import RembusTransport

/// The metrics that one lane reports to. Lanes that report to the same metric add up.
final class LaneReporter {
    private let factory: any MetricsFactory
    let routing: any TimerHandler
    let outcomes: [any CounterHandler]
    let acknowledged: any CounterHandler
    let retransmitted: any CounterHandler
    let fellBehind: any CounterHandler
    private var transports: [TransportKind: Transport] = [:]
    private var published: [String: any CounterHandler] = [:]
    private var calls: [String: any TimerHandler] = [:]
    private let open: SharedGauge
    private let named: SharedGauge
    private let anonymous: SharedGauge
    private let subscriptions: SharedGauge
    private let inFlight: SharedGauge
    private let backlog: SharedGauge
    /// By ``MemoryBudget/Kind``, without retained messages, which belong to no lane.
    private let memory: [SharedGauge]

    /// The metrics of one transport.
    private struct Transport {
        let accepted: any CounterHandler
        let open: SharedGauge
        /// By class of messages and ``TrafficCount/Figure``.
        let traffic: [[any CounterHandler]]
    }

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        routing = factory.makeTimer(label: BrokerMetrics.routing, dimensions: [])
        outcomes = CallOutcome.allCases.map {
            factory.makeCounter(label: BrokerMetrics.calls, dimensions: [("status", $0.label)])
        }
        acknowledged = factory.makeCounter(label: BrokerMetrics.acknowledged, dimensions: [])
        retransmitted = factory.makeCounter(label: BrokerMetrics.retransmitted, dimensions: [])
        fellBehind = factory.makeCounter(label: BrokerMetrics.fellBehind, dimensions: [])
        func gauge(_ name: String, _ dimensions: [(String, String)] = []) -> SharedGauge {
            SharedGauge(factory.makeMeter(label: name, dimensions: dimensions))
        }
        open = gauge(BrokerMetrics.compatibleConnections)
        named = gauge(BrokerMetrics.sessions, [("kind", "named")])
        anonymous = gauge(BrokerMetrics.sessions, [("kind", "anonymous")])
        subscriptions = gauge(BrokerMetrics.subscriptions)
        inFlight = gauge(BrokerMetrics.inFlight)
        backlog = gauge(BrokerMetrics.backlog)
        memory = MemoryBudget.Kind.allCases.filter { $0 != .retained }.map {
            gauge(BrokerMetrics.memory, [("kind", "\($0)")])
        }
    }

    func report(_ held: [Int]) {
        for (gauge, bytes) in zip(memory, held) { gauge.set(bytes) }
    }

    // MARK: Transports

    func report(_ count: TrafficCount, of kind: TransportKind, accepted: UInt64) {
        let transport = transport(kind)
        transport.accepted.increment(by: Int64(clamping: accepted))
        for message in MessageClass.allCases {
            for figure in TrafficCount.Figure.allCases {
                let number = count.take(figure, message)
                if number > 0 {
                    transport.traffic[message.rawValue][figure.rawValue].increment(by: Int64(clamping: number))
                }
            }
        }
    }

    private func transport(_ kind: TransportKind) -> Transport {
        if let known = transports[kind] { return known }
        let label = ("transport", kind.rawValue)
        let new = Transport(
            accepted: factory.makeCounter(label: BrokerMetrics.accepted, dimensions: [label]),
            open: SharedGauge(factory.makeMeter(label: BrokerMetrics.connections, dimensions: [label])),
            traffic: MessageClass.allCases.map { message in
                TrafficCount.Figure.allCases.map {
                    factory.makeCounter(label: BrokerMetrics.traffic($0), dimensions: [label] + message.labels)
                }
            })
        transports[kind] = new
        return new
    }

    // MARK: Topics

    func report(_ count: TopicCount) {
        let label = count.label
        if count.published.pointee > 0 {
            let counter =
                published[label]
                ?? factory.makeCounter(
                    label: BrokerMetrics.published, dimensions: [("topic", label)])
            published[label] = counter
            count.handedOver &+= count.published.pointee
            counter.take(&count.published.pointee)
        }
        guard var durations = count.calls, !durations.isEmpty else { return }
        let timer =
            calls[label]
            ?? factory.makeTimer(
                label: BrokerMetrics.callTime, dimensions: [("topic", label)])
        calls[label] = timer
        report(&durations, to: timer)
        count.calls = durations
    }

    /// Reports durations and clears them.
    func report(_ durations: inout DurationCount, to timer: any TimerHandler) {
        guard !durations.isEmpty else { return }
        if let receiver = timer as? any HistogramReceiver, receiver.bounds.count + 1 == durations.counts.count {
            receiver.add(counts: durations.counts, sum: durations.seconds)
        } else {
            durations.forEach { timer.recordNanoseconds($0) }
        }
        durations.removeAll()
    }

    // MARK: Sessions

    func report(_ totals: SessionTotals) {
        for kind in totals.connections.keys where transports[kind] == nil { _ = transport(kind) }
        for (kind, transport) in transports { transport.open.set(totals.connections[kind] ?? 0) }
        open.set(totals.named + totals.anonymous)
        named.set(totals.named)
        anonymous.set(totals.anonymous)
        subscriptions.set(totals.subscriptions)
        inFlight.set(totals.inFlight)
        backlog.set(totals.backlogBytes)
    }
}

/// Totals over the sessions of a lane.
struct SessionTotals {
    var connections: [TransportKind: Int] = [:]
    var named = 0
    var anonymous = 0
    var subscriptions = 0
    var inFlight = 0
    var backlogBytes = 0

    init(_ sessions: some Collection<Session>) {
        for session in sessions {
            connections[session.transport, default: 0] += 1
            if session.state.name == nil { anonymous += 1 } else { named += 1 }
            subscriptions += session.state.subscriptions.count
            inFlight += session.state.inFlight.count
            backlogBytes += session.link.backlog
        }
    }
}

/// A lane's share of a gauge. The gauge shows the sum of all lanes' shares.
final class SharedGauge {
    private let meter: any MeterHandler
    private var share = 0

    init(_ meter: any MeterHandler) {
        self.meter = meter
    }

    func set(_ value: Int) {
        if value > share {
            meter.increment(by: Double(value - share))
        } else if value < share {
            meter.decrement(by: Double(share - value))
        }
        share = value
    }
}

extension CounterHandler {
    /// Adds a number and sets it to zero.
    func take(_ number: inout UInt64) {
        guard number > 0 else { return }
        increment(by: Int64(clamping: number))
        number = 0
    }
}
