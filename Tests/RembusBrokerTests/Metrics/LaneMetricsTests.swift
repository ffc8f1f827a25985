import Metrics
import RembusListening
import RembusMetrics
import RembusTransport
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// What lanes hand over, to Prometheus and to others.
struct LaneMetricsTests {
    private func lines(_ registry: PrometheusRegistry, _ name: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { $0.hasPrefix(name) }
    }

    private let topics = MetricTopics(limit: 10)

    /// Counts the same on any lane.
    private func use(_ lane: LaneMetrics) {
        lane.topicCount("a").published.pointee += 2
        for nanoseconds: Int64 in [20_000, 30_000] { lane.routing.add(nanoseconds: nanoseconds) }
        lane.answered("f", nanoseconds: 3_000_000, isOK: true)
        lane.answered("made up", nanoseconds: 3_000_000, isOK: false)
        lane.told(.ok)
        lane.told(.methodNotFound)
        lane.told(StatusCode(rawValue: 99))
        lane.traffic(of: .tcp).received(.publishExactlyOnce, bytes: 9)
    }

    @Test func lanesAddUpAndHandOverOnce() {
        let registry = PrometheusRegistry()
        registry.describe(BrokerMetrics.descriptions)
        withMetricsFactory(registry) {
            let lanes = [LaneMetrics(topics: topics), LaneMetrics(topics: topics)]
            for lane in lanes {
                use(lane)
                lane.report([Session]())
                lane.report([Session]())
            }
        }
        #expect(lines(registry, "broker_pub") == [#"broker_pub{topic="a"} 4"#])
        #expect(
            lines(registry, "broker_rpc_count") == [
                #"broker_rpc_count{topic="f"} 2"#, #"broker_rpc_count{topic="other"} 2"#,
            ])
        #expect(lines(registry, "rembus_routing_seconds_sum") == ["rembus_routing_seconds_sum 0.0001"])
        #expect(
            lines(registry, "rembus_routing_seconds_bucket").prefix(3) == [
                #"rembus_routing_seconds_bucket{le="1e-05"} 0"#, #"rembus_routing_seconds_bucket{le="2.5e-05"} 2"#,
                #"rembus_routing_seconds_bucket{le="5e-05"} 4"#,
            ])
        #expect(
            lines(registry, "rembus_rpc_total").filter { !$0.hasSuffix(" 0") } == [
                #"rembus_rpc_total{status="not_found"} 2"#, #"rembus_rpc_total{status="ok"} 2"#,
                #"rembus_rpc_total{status="other"} 2"#,
            ])
        #expect(
            lines(registry, #"rembus_messages_received_total{qos="2""#) == [
                #"rembus_messages_received_total{qos="2",transport="tcp",type="publish"} 2"#
            ])
    }

    /// A backend that takes single durations and knows nothing of buckets.
    @Test func otherBackendsGetEveryDuration() {
        let backend = SingleDurations()
        withMetricsFactory(backend) {
            let lane = LaneMetrics(topics: topics)
            use(lane)
            lane.report([Session]())
        }
        #expect(backend.durations.withLock { $0[BrokerMetrics.routing] } == [25_000, 50_000])
        #expect(backend.durations.withLock { $0[BrokerMetrics.callTime]?.count } == 2)
    }

    @Test func whoeverMeasuresNothingKeepsNothing() {
        let lane = LaneMetrics(topics: topics)
        #expect(!lane.isEnabled)
        use(lane)
        #expect(!topics.knows("a") && !topics.knows("f"))
        #expect(lane.routing.counts.reduce(0, +) == 2)
        lane.report([Session]())
    }
}

/// Keeps the durations that timers were told, by the timer's label.
private final class SingleDurations: MetricsFactory {
    let durations = Mutex<[String: [Int64]]>([:])

    private final class Recorder: TimerHandler {
        let factory: SingleDurations
        let label: String

        init(_ factory: SingleDurations, _ label: String) {
            (self.factory, self.label) = (factory, label)
        }

        func recordNanoseconds(_ duration: Int64) {
            factory.durations.withLock { $0[label, default: []].append(duration) }
        }
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler { Recorder(self, label) }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        NOOPMetricsHandler.instance
    }

    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler { NOOPMetricsHandler.instance }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyMeter(_ handler: any MeterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
