import NIOCore
import RembusStore
import RembusTrust
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// Publications also go where no session is.
@Suite("Destinations that are no sessions")
struct DestinationTests {
    private let broker = FuzzBroker(.remembering, lanes: 3)
    private let received = Received()

    /// What a handler was given.
    private final class Received: Sendable {
        private let all = Mutex<[String]>([])

        func take() -> [String] {
            all.withLock { all in
                defer { all = [] }
                return all
            }
        }

        func add(_ publication: borrowing Publication, _ topic: String, name: String) {
            guard case .publish(let publish)? = try? Message(cbor: ByteBuffer(bytes: publication.bytes)) else { return }
            let from = publication.origin.map { " after \($0.hops)" } ?? ""
            all.withLock { $0.append("\(name) \(topic) \(publish.arguments)\(from)") }
        }
    }

    private func destination(
        _ name: String, tenant: String = ".", principal: Principal? = nil
    ) -> Destination {
        let received = received
        return Destination(
            .handler { publication, topic in received.add(publication, topic, name: name) },
            tenant: broker.core.store.number(of: tenant), principal: principal)
    }

    private func publish(_ session: GatewaySession, _ topic: String) {
        session.receive(.publish(.init(topic: topic, arguments: [7])))
        session.endWork()
        broker.settle()
    }

    @Test("A handler gets what is published on any event loop, once, and sessions get it as well", arguments: 0..<3)
    func handler(lane: Int) throws {
        let tables = broker.core.tables
        let (publisher, _) = try broker.open(lane: lane)
        let (subscriber, sink) = try broker.open(lane: 1)
        _ = subscriber.subscribe("a/b")
        _ = subscriber.perform(.reactive(true, messageFrom: nil), topic: "")
        subscriber.endWork()
        publish(publisher, "a/b")
        #expect(received.take() == [])
        let handler = destination("h")
        for topic in ["a/b", "a/*", "**"] { tables.attach(handler, to: topic) }
        #expect(broker.wrongRoutes == [])
        publish(publisher, "a/b")
        publish(publisher, "c")
        #expect(received.take() == ["h a/b [7]", "h c [7]"])
        tables.detach(handler, from: "**")
        tables.detach(handler, from: "a/b")
        publish(publisher, "a/b")
        publish(publisher, "c")
        #expect(received.take() == ["h a/b [7]"])
        tables.detach(handler, from: "a/*")
        publish(publisher, "a/b")
        #expect(received.take() == [])
        #expect(sink.topics == ["a/b", "a/b", "a/b", "a/b"])
        #expect(broker.tableSizes["destinations"] == 0)
    }

    @Test("It makes those routes stale that it is about")
    func staleness() {
        let lanes = broker.core.lanes
        func routes() -> [Route] { lanes.flatMap { lane in ["a", "b", "c/d"].map { lane.route($0) } } }
        func stale(_ change: () -> Void) -> Set<String> {
            let before = routes()
            change()
            return Set(before.filter(\.isStale).map(\.topic))
        }
        let handler = destination("h")
        #expect(stale { broker.core.tables.attach(handler, to: "a") } == ["a"])
        #expect(stale { broker.core.tables.attach(handler, to: "c/**") } == ["c/d"])
        #expect(stale { broker.core.tables.detach(handler, from: "x") } == [])
        #expect(stale { broker.core.tables.detach(handler, from: "c/**") } == ["c/d"])
    }

    @Test("A tenant's publications go to its destinations alone, private ones to those with the right")
    func isolation() throws {
        let tables = broker.core.tables
        let own = destination("own")
        let foreign = destination("foreign", tenant: "acme")
        let stranger = destination("stranger", principal: Principal(name: "s", tenant: ".", isProven: true))
        let friend = destination("friend", principal: Principal(name: "f", tenant: ".", isProven: true))
        for destination in [own, foreign, stranger, friend] { tables.attach(destination, to: "a/*") }
        let (publisher, _) = try broker.open(lane: 0)
        publisher.logIn(.init(name: "f", isProven: true)) { _ in }
        publish(publisher, "a/b")
        #expect(received.take().sorted() == ["friend a/b [7]", "own a/b [7]", "stranger a/b [7]"])
        var document = TrustDocument()
        document.privateTopics = ["a/b"]
        document.grants = [Grant(name: "f", topic: "a/b")]
        tables.setRules(AccessRules(document, trustsNames: false))
        publish(publisher, "a/b")
        #expect(received.take().sorted() == ["friend a/b [7]", "own a/b [7]"])
    }

    @Test("What came from a destination does not go back there, and brings its hops along to others")
    func origin() throws {
        let tables = broker.core.tables
        let (near, far) = (destination("near"), destination("far"))
        for destination in [near, far] { tables.attach(destination, to: "a") }
        let (link, _) = try broker.open(lane: 0)
        link.session.origin = Origin(destination: near.id, hops: 3)
        publish(link, "a")
        #expect(received.take() == ["far a [7] after 3"])
        let (publisher, _) = try broker.open(lane: 0)
        publish(publisher, "a")
        #expect(received.take().sorted() == ["far a [7]", "near a [7]"])
    }
}
