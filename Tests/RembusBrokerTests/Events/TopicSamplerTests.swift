import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

/// What is found out of topics for a status, and that it is not when nobody asks.
@Suite("Samples of topics")
struct TopicSamplerTests {
    private let broker = FuzzBroker(.remembering, lanes: 1)

    private func publish(_ session: GatewaySession, _ topic: String, _ value: Value) {
        session.receive(.publish(.init(topic: topic, arguments: [value])))
        session.endWork()
    }

    private func topic(_ name: String) -> LaneStatus.Topic? {
        broker.core.lanes[0].status(listing: 10).topics.first { $0.name == name }
    }

    @Test("Nothing is counted before somebody asks; then every second has one sample and a rate")
    func samples() throws {
        let (session, _) = try broker.open(lane: 0)
        publish(session, "t", 1)
        #expect(topic("t") == nil)
        publish(session, "t", 2)
        publish(session, "t", 3)
        #expect(topic("t")?.sample?.argumentsAsJSON == "[2]" && topic("t")?.published == 2 && topic("t")?.rate == nil)
        broker.advance(by: .seconds(1))
        for value in 4...6 { publish(session, "t", .integer(Int64(value))) }
        #expect(topic("t")?.sample?.argumentsAsJSON == "[4]" && topic("t")?.published == 5)
        broker.advance(by: .seconds(1))
        #expect((topic("t")?.rate ?? 0) > 2.5)
        // The same again, from a route that another one has found.
        let (second, _) = try broker.open(lane: 0)
        publish(second, "t", 7)
        #expect(topic("t")?.sample?.argumentsAsJSON == "[7]")
        // What is too large takes the place of what was there.
        broker.advance(by: .seconds(1))
        publish(session, "t", .text(String(repeating: "x", count: 2000)))
        #expect(topic("t")?.sample == nil && topic("t")?.published == 7)
    }

    @Test("A minute after the last status all is as before")
    func patience() throws {
        let lane = broker.core.lanes[0]
        let (session, _) = try broker.open(lane: 0)
        _ = topic("t")
        publish(session, "t", 1)
        #expect(topic("t")?.sample != nil && lane.sampler.isWanted)
        for _ in 0..<62 { broker.advance(by: .seconds(1)) }
        #expect(!lane.sampler.isWanted)
        let count = try #require(lane.metrics.topicCounts.first { $0.label == "t" })
        #expect(count.sample == nil && count.rate == nil && count.total == 1)
        publish(session, "t", 2)
        #expect(count.sample == nil && count.total == 2)
        // Once more from the beginning.
        _ = topic("t")
        publish(session, "t", 3)
        #expect(topic("t")?.sample?.argumentsAsJSON == "[3]")
    }
}
