import Foundation
import RembusStore
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// Event loops on threads of their own while somebody subscribes: who publishes after the answer finds the subscription.
@Suite("Routes on several threads")
struct RouteOrderTests {
    /// What the subscriber has been told.
    private final class Answers: Sendable {
        let subscribed = Atomic<Int>(0)
        let isDone = Atomic<Bool>(false)
        let mistakes = Mutex<[String]>([])
        let resolved = Atomic<Int>(0)
    }

    /// A lane's way to a route, as often as possible.
    private static func look(_ tables: RoutingTables, lane: Int, _ topics: [String], _ answers: Answers) {
        var cache = RouteCache()
        var least: [String: Int] = [:]
        while !answers.isDone.load(ordering: .acquiring) {
            // Gives way: there may be fewer cores than threads.
            Thread.sleep(forTimeInterval: 0.000_05)
            for topic in topics {
                let told = answers.subscribed.load(ordering: .acquiring)
                let hash = TopicHash.of(topic)
                var text = topic
                var route = text.withUTF8 { cache.find(UnsafeRawBufferPointer($0), hash: hash) }
                if route?.isStale != false {
                    let fresh = tables.makeRoute(topic: topic, hash: hash, lane: lane)
                    cache.insert(fresh)
                    answers.resolved.wrappingAdd(1, ordering: .relaxed)
                    route = fresh
                }
                let count = route?.subscribers.count ?? 0
                guard count < told || count < least[topic, default: 0] else {
                    least[topic] = count
                    continue
                }
                answers.mistakes.withLock { $0.append("\(topic): \(count) subscribers of \(told)") }
                return
            }
        }
    }

    @Test("Who publishes after a subscription was answered finds it, exact or by a pattern")
    func order() throws {
        let broker = FuzzBroker(.remembering, lanes: 3)
        let tables = broker.core.tables
        let (session, _) = try broker.open(lane: 0)
        let state = session.session.state
        let answers = Answers()
        let group = DispatchGroup()
        for lane in 0..<3 {
            group.enter()
            Thread {
                Self.look(tables, lane: lane, ["a/b"], answers)
                group.leave()
            }.start()
        }
        // Each of them is about the topic; in between come and go others that are not.
        let forms = ["a/b", "*/b", "a/**", "**"]
        for number in 0..<100 {
            // All lanes are at it, and have seen what came before.
            while answers.resolved.load(ordering: .acquiring) < 3 + number, answers.mistakes.withLock({ $0.isEmpty }) {
                sched_yield()
            }
            let marks = Array(repeating: UInt64(0), count: broker.core.store.partitionCount)
            let other = Subscription(topic: number % 2 == 0 ? "a/c" : "c/*", messageFrom: 0, marks: marks)
            tables.subscribe(session.session, state, other)
            tables.subscribe(
                session.session, state, Subscription(topic: forms[number % 4], messageFrom: 0, marks: marks))
            answers.subscribed.store(number + 1, ordering: .releasing)
            tables.unsubscribe(state, other)
        }
        answers.isDone.store(true, ordering: .releasing)
        group.wait()
        #expect(answers.mistakes.withLock { $0 } == [])
        #expect(broker.core.lanes[1].route("a/b").subscribers.count == 100)
        #expect(broker.wrongRoutes == [])
    }
}
