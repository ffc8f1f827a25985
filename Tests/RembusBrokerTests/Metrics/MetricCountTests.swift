import RembusMetrics
import Testing

@testable import RembusBroker

/// What lanes count with.
struct MetricCountTests {
    @Test func durationsFallIntoTheBucketsOfPrometheus() {
        var count = DurationCount(bounds: [0.001, 0.1])
        #expect(count.isEmpty)
        // A bound belongs to its bucket; a clock that went back counts as no time.
        for nanoseconds: Int64 in [0, 1_000_000, 1_000_001, 100_000_000, 100_000_001, -5] {
            count.add(nanoseconds: nanoseconds)
        }
        #expect(count.counts == [3, 2, 1])
        #expect(count.seconds == 0.202000002)
        var single: [Int64] = []
        count.forEach { single.append($0) }
        #expect(single == [1_000_000, 1_000_000, 1_000_000, 100_000_000, 100_000_000, 100_000_001])
        count.removeAll()
        #expect(count.isEmpty && count.counts == [0, 0, 0] && count.seconds == 0)
    }

    @Test func trafficIsHandedOverOnce() {
        let count = TrafficCount()
        defer { count.deallocate() }
        count.received(.publishAtLeastOnce, bytes: 10)
        count.received(.publishAtLeastOnce, bytes: 5)
        count.sent(.control, bytes: 7)
        #expect(count.take(.receivedMessages, .publishAtLeastOnce) == 2)
        #expect(count.take(.receivedBytes, .publishAtLeastOnce) == 15)
        #expect(count.take(.receivedBytes, .publishAtLeastOnce) == 0)
        #expect(count.take(.sentMessages, .control) == 1)
        #expect(count.take(.sentBytes, .control) == 7)
        for kind in MessageClass.allCases {
            for figure in TrafficCount.Figure.allCases { #expect(count.take(figure, kind) == 0) }
        }
    }

    @Test func onlySoManyTopicsHaveMetricsOfTheirOwn() {
        let topics = MetricTopics(limit: 2)
        #expect(topics.admit("a"))
        #expect(!topics.admit(String(repeating: "x", count: 257)))
        #expect(topics.admit("b"))
        #expect(!topics.admit("c"))
        #expect(topics.admit("a") && topics.knows("b") && !topics.knows("c"))
        #expect(!MetricTopics(limit: 0).admit("a"))
    }

    @Test func descriptionsAreComplete() {
        let names = BrokerMetrics.descriptions.map(\.name)
        #expect(Set(names).count == names.count)
        for description in BrokerMetrics.descriptions {
            #expect(description.help.hasSuffix("."))
            #expect(description.buckets == description.buckets.sorted())
        }
    }
}
