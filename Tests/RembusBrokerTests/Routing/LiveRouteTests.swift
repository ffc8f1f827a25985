import NIOConcurrencyHelpers
import NIOCore
import RembusWire
import Testing

@testable import RembusBroker

/// What is kept of routes has bounds, and what is dropped is used by nobody any more.
@Suite("Routes that are kept")
struct LiveRouteTests {
    private let broker = FuzzBroker(.remembering, lanes: 2)

    private var live: [Route] {
        broker.core.tables.lock.withLock {
            var all: [Route] = []
            broker.core.tables.liveRoutes.forEach { all.append($0) }
            return all
        }
    }

    @Test("A lane that is full drops its routes everywhere, and publications find what came since")
    func fullCache() throws {
        let lane = broker.core.lanes[0]
        let other = broker.core.lanes[1].route("t")
        let (publisher, _) = try broker.open(lane: 0)
        publisher.receive(.publish(.init(topic: "t", arguments: [1])))
        publisher.endWork()
        let used = try #require(publisher.session.lastRoute.route)
        #expect(!used.isStale)
        var most = 0
        for number in 0..<20_000 {
            _ = lane.route("n/\(number)")
            if number % 1000 == 999 { most = max(most, live.count) }
        }
        #expect(used.isStale)
        #expect(!other.isStale)
        #expect(most > 5000)
        #expect(most <= 8193)
        // The session still has the route that is in no table.
        #expect(publisher.session.lastRoute.route === used)
        let (subscriber, sink) = try broker.open(lane: 0)
        _ = subscriber.subscribe("t")
        _ = subscriber.perform(.reactive(true, messageFrom: nil), topic: "")
        subscriber.endWork()
        publisher.receive(.publish(.init(topic: "t", arguments: [2])))
        publisher.endWork()
        #expect(sink.topics == ["t"])
    }

    @Test("Topics of many segments are not all kept, and the newest is")
    func manySegments() {
        let lane = broker.core.lanes[1]
        let tail = Array(repeating: "s", count: 50).joined(separator: "/")
        var most = 0
        for number in 0..<2000 {
            let route = lane.route("\(number)/\(tail)")
            #expect(!route.isStale)
            if number % 100 == 99 { most = max(most, live.count) }
        }
        #expect(most <= LaneRoutes.maxSegments / 51 + 1)
        #expect(most > 500)
        #expect(broker.wrongRoutes == [])
    }

    @Test("What nothing can be published under is kept too, and follows its methods")
    func unusableTopics() throws {
        let deep = Array(repeating: "s", count: 1000).joined(separator: "/")
        let lane = broker.core.lanes[0]
        let (session, _) = try broker.open(lane: 1)
        _ = session.subscribe("**")
        let routes = [lane.route("a*"), lane.route(deep)]
        #expect(routes.allSatisfy { $0.objection != nil && !$0.isStale && $0.subscribers.isEmpty })
        _ = session.subscribe("*")
        #expect(lane.route("a*") === routes[0])
        broker.core.tables.setHandler(.immediate { _ in .null }, for: "a*")
        #expect(routes.map(\.isStale) == [true, false])
        broker.core.tables.setLimits(broker.core.limits)
        #expect(routes[1].isStale)
        #expect(live.isEmpty)
    }

    @Test("A pattern that would look at too much makes all stale, in one lane's own account")
    func patience() throws {
        let lanes = broker.core.lanes
        let (session, _) = try broker.open(lane: 1)
        for number in 0..<8000 { _ = lanes[0].route("\(number)/temp") }
        let near = lanes[1].route("1/temp")
        // The first one looks at nearly everything that it may.
        var found = 0
        for pattern in ["*/x", "*/y", "*/z"] {
            _ = session.subscribe(pattern)
            found += live.count > 1 ? 1 : 0
        }
        #expect(found == 1)
        #expect(live.map(ObjectIdentifier.init) == [ObjectIdentifier(near)])
        #expect(broker.wrongRoutes == [])
        // A second later it may be looked for again.
        broker.advance(by: .seconds(2))
        for number in 0..<8000 { _ = lanes[0].route("\(number)/temp") }
        _ = session.subscribe("*/w")
        #expect(live.count == 8001)
    }

    private struct WeakRoute {
        weak var route: Route?
    }

    @Test("What is stale is dropped by caches and sessions within a second")
    func sweep() throws {
        let (publisher, _) = try broker.open(lane: 0)
        publisher.receive(.publish(.init(topic: "t", arguments: [1])))
        publisher.endWork()
        let used = WeakRoute(route: publisher.session.lastRoute.route)
        #expect(used.route != nil)
        let (subscriber, _) = try broker.open(lane: 1)
        _ = subscriber.subscribe("*")
        broker.advance(by: .seconds(2))
        #expect(used.route == nil)
        #expect(publisher.session.lastRoute.route == nil)
    }

    @Test("Nothing is held for event loops that have ended")
    func end() {
        for lane in broker.core.lanes { _ = lane.route("t") }
        #expect(live.count == 2)
        broker.core.forgetLanes()
        #expect(live.isEmpty)
    }
}
