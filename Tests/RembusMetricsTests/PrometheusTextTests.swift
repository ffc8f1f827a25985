import Metrics
import Testing

@testable import RembusMetrics

/// What scrapers read.
struct PrometheusTextTests {
    let registry = PrometheusRegistry()

    /// The lines about one metric.
    func lines(_ name: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { line in
            let words = line.split(separator: " ")
            return line.hasPrefix("#") ? words[2] == name : words[0].hasPrefix(name)
        }
    }

    @Test func countersRise() {
        registry.describe([MetricDescription("lines_total", .counter, "Lines.")])
        let counter = Counter(label: "lines_total", factory: registry)
        counter.increment()
        counter.increment(by: 41)
        counter.increment(by: -7)
        #expect(lines("lines_total") == ["# HELP lines_total Lines.", "# TYPE lines_total counter", "lines_total 42"])
        counter.reset()
        #expect(lines("lines_total").last == "lines_total 0")
    }

    @Test func floatingCountersTakeFractionsAndNothingElse() {
        let counter = FloatingPointCounter(label: "time_total", factory: registry)
        for amount in [0.25, 1.5, -3, .nan, .infinity] { counter.increment(by: amount) }
        #expect(lines("time_total").last == "time_total 1.75")
    }

    @Test func gaugesGoBothWays() {
        let gauge = Gauge(label: "level", factory: registry)
        gauge.record(3.5)
        #expect(lines("level").last == "level 3.5")
        gauge.record(-2)
        #expect(lines("level") == ["# HELP level (not described)", "# TYPE level gauge", "level -2"])
        let meter = Meter(label: "open", factory: registry)
        meter.set(10)
        meter.increment(by: 2)
        meter.decrement(by: 5)
        #expect(lines("open").last == "open 7")
        meter.set(Double.infinity)
        #expect(lines("open").last == "open +Inf")
    }

    @Test func timersAreHistogramsOfSeconds() {
        registry.describe([MetricDescription("wait_seconds", .histogram, "Waiting.", buckets: [0.001, 0.1, 1])])
        let timer = Timer(label: "wait_seconds", factory: registry)
        for milliseconds in [1, 2, 100, 101, 5000] { timer.recordMilliseconds(milliseconds) }
        #expect(
            lines("wait_seconds") == [
                "# HELP wait_seconds Waiting.", "# TYPE wait_seconds histogram",
                "wait_seconds_bucket{le=\"0.001\"} 1", "wait_seconds_bucket{le=\"0.1\"} 3",
                "wait_seconds_bucket{le=\"1\"} 4", "wait_seconds_bucket{le=\"+Inf\"} 5",
                "wait_seconds_sum 5.204", "wait_seconds_count 5",
            ])
    }

    @Test func manyValuesAtOnceAreWhatTheyWouldBeOneByOne() throws {
        registry.describe([MetricDescription("size", .histogram, "Sizes.", buckets: [1, 10])])
        let handler = registry.makeRecorder(label: "size", dimensions: [("kind", "a")], aggregate: true)
        let receiver = try #require(handler as? any HistogramReceiver)
        #expect(receiver.bounds == [1, 10])
        receiver.add(counts: [2, 0, 3], sum: 302)
        receiver.add(counts: [1], sum: 1000)
        handler.record(Int64(7))
        #expect(
            lines("size").dropFirst(2) == [
                "size_bucket{kind=\"a\",le=\"1\"} 2", "size_bucket{kind=\"a\",le=\"10\"} 3",
                "size_bucket{kind=\"a\",le=\"+Inf\"} 6", "size_sum{kind=\"a\"} 309", "size_count{kind=\"a\"} 6",
            ])
    }

    @Test func dimensionsAreLabels() {
        let dimensions = [("b", "2"), ("a", "1")]
        Counter(label: "hits_total", dimensions: dimensions, factory: registry).increment(by: 5)
        // The same metric, whatever the order, and another one.
        Counter(label: "hits_total", dimensions: dimensions.reversed(), factory: registry).increment(by: 6)
        Counter(label: "hits_total", dimensions: [("a", "2")], factory: registry).increment()
        #expect(lines("hits_total").dropFirst(2) == ["hits_total{a=\"1\",b=\"2\"} 11", "hits_total{a=\"2\"} 1"])
    }

    @Test func whatTheFormatReservesIsEscaped() {
        registry.describe([MetricDescription("odd_total", .counter, "A \"line\"\nand a \\.")])
        let dimensions = [("text", "a\\b\"c\nd"), ("a name", "ä"), ("__reserved", "x"), ("1st", "y")]
        Counter(label: "odd_total", dimensions: dimensions, factory: registry).increment()
        #expect(
            lines("odd_total") == [
                "# HELP odd_total A \"line\"\\nand a \\\\.", "# TYPE odd_total counter",
                #"odd_total{_1st="y",a_name="ä",text="a\\b\"c\nd",x__reserved="x"} 1"#,
            ])
    }

    @Test func namesOfOthersBecomeNamesOfPrometheus() {
        Counter(label: "http.requests-open", factory: registry).increment()
        Timer(label: "http.time", factory: registry).recordSeconds(1)
        Recorder(label: "le", dimensions: [("le", "x")], factory: registry).record(1)
        #expect(lines("http_requests_open_total").last == "http_requests_open_total 1")
        #expect(lines("http_time_seconds").last == "http_time_seconds_count 1")
        #expect(lines("le").last == "le_count{le_=\"x\"} 1")
    }

    @Test func aNameHasOneKind() {
        Counter(label: "twice_total", factory: registry).increment(by: 3)
        // Goes nowhere, and does no harm.
        Gauge(label: "twice_total", factory: registry).record(9)
        #expect(lines("twice_total").dropFirst() == ["# TYPE twice_total counter", "twice_total 3"])
    }

    @Test func anUntypedMetricIsACounterUnderAnotherName() {
        registry.describe([MetricDescription("old_name", .untyped, "Old.")])
        Counter(label: "old_name", factory: registry).increment(by: 3)
        #expect(lines("old_name").dropFirst() == ["# TYPE old_name untyped", "old_name 3"])
    }

    @Test func destroyedMetricsAreGone() {
        registry.describe([MetricDescription("short_total", .counter, "Short.")])
        #expect(lines("short_total").count == 2)
        let counter = Counter(label: "short_total", factory: registry)
        #expect(lines("short_total").count == 3)
        counter.destroy()
        #expect(lines("short_total").count == 2)
    }

    @Test func theProcessTellsAboutItself() {
        #if os(Linux)
        for name in ProcessFigures.names { #expect(lines(name).count == 3, "\(name)") }
        #endif
        #expect(lines("process_cpu_seconds_total")[1] == "# TYPE process_cpu_seconds_total counter")
    }

    @Test func threadsLoseNothing() async {
        let counter = registry.makeCounter(label: "shared_total", dimensions: [])
        let fraction = registry.makeFloatingPointCounter(label: "halves_total", dimensions: [])
        let timer = registry.makeTimer(label: "shared_seconds", dimensions: [])
        await withTaskGroup(of: Void.self) { tasks in
            for _ in 0..<4 {
                tasks.addTask {
                    for _ in 0..<2000 {
                        counter.increment(by: 1)
                        fraction.increment(by: 0.5)
                        timer.recordNanoseconds(500_000_000)
                    }
                }
            }
        }
        #expect(lines("shared_total").last == "shared_total 8000")
        #expect(lines("halves_total").last == "halves_total 4000")
        #expect(lines("shared_seconds").suffix(2) == ["shared_seconds_sum 4000", "shared_seconds_count 8000"])
    }
}
