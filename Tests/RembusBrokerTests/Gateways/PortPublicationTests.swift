import NIOCore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// Publications of a gateway: handed over as what they are, and what became of them comes back as what it is.
@Suite("Publications through a port")
struct PortPublicationTests {
    private static let acknowledged: [QoS] = [.atLeastOnce, .exactlyOnce]

    @Test("At QoS 0 a publication is accepted at once, and delivered")
    func atMostOnce() throws {
        let broker = FuzzBroker(.remembering)
        let (subscriber, sink) = try broker.open(lane: 1)
        _ = subscriber.subscribe("a/*")
        _ = subscriber.perform(.reactive(true, messageFrom: nil), topic: "")
        let (port, owner) = try broker.openPort()
        owner.publish("a/b", on: port)
        #expect(owner.published == [.accepted])
        port.endWork()
        broker.settle()
        #expect(sink.messages == [.publish(.init(topic: "a/*", arguments: ["a/b", 1]))])
        #expect(port.isIdle)
    }

    @Test("At QoS 1 and 2 it is durable when the disk has it, in the order of publication", arguments: acknowledged)
    func durable(qos: QoS) throws {
        let store = SlowStore()
        let broker = FuzzBroker(.remembering, lanes: 1, store: store)
        let (port, owner) = try broker.openPort()
        let (other, otherOwner) = try broker.openPort()
        for name in ["a", "b"] { owner.publish("t", qos: qos, on: port, as: name) }
        port.endWork()
        otherOwner.publish("t", qos: qos, on: other)
        other.endWork()
        broker.settle()
        #expect(owner.outcomes.isEmpty && otherOwner.outcomes.isEmpty)
        #expect(port.openCount == 2 && broker.core.lanes[0].openExchanges.publications == 3)
        // What is found durable at once does not overtake what waits for the news of it.
        store.becomeDurable()
        owner.publish("t", qos: qos, on: port, as: "c")
        port.endWork()
        #expect(owner.outcomes.isEmpty)
        store.confirm()
        broker.settle()
        #expect(owner.published == [.durable, .durable, .durable])
        #expect(owner.outcomes.map(\.name) == ["a", "b", "c"])
        #expect(otherOwner.published == [.durable])
        #expect(port.isIdle && owner.units > 0)
        // Nobody sends such a publication again: its id is forgotten.
        #expect(port.session?.session.state.duplicates.isEmpty == true)
    }

    @Test("A completion may publish: that is a unit of work of its own, and no recursion")
    func again() throws {
        let broker = FuzzBroker(.remembering, lanes: 1)
        let (port, owner) = try broker.openPort()
        var left = 1000
        func publish() {
            var draft = port.draft("t", qos: .atLeastOnce)
            draft.frame.writeCBORArray([])
            port.publish(draft) { outcome in
                #expect(outcome == .durable)
                left -= 1
                if left > 0 { publish() }
            }
        }
        publish()
        port.endWork()
        #expect(left == 0)
        #expect(owner.units == 1000)
    }

    @Test(
        "What cannot be published is refused at once, with the reason",
        arguments: [
            ("a/*", PublishRefusal.unusableTopic(.isPattern)), ("", .unusableTopic(.length(0))),
            (String(repeating: "x", count: 1025), .unusableTopic(.length(1025))),
            (String(repeating: "/", count: 70), .unusableTopic(.isTooDeep)), ("vault", .denied),
        ], [QoS.atMostOnce, .atLeastOnce, .exactlyOnce])
    func refused(_ refused: (topic: String, reason: PublishRefusal), qos: QoS) throws {
        let broker = FuzzBroker(.remembering, lanes: 1)
        var document = TrustDocument()
        document.makePrivate("vault")
        broker.core.tables.setRules(AccessRules(document, trustsNames: false))
        let (port, owner) = try broker.openPort()
        let topics = broker.core.counters.dropped(.topic)
        for _ in 0..<2 { owner.publish(refused.topic, qos: qos, on: port) }
        #expect(owner.published == [.refused(refused.reason), .refused(refused.reason)])
        // The same is said of one whose arguments are wrong too.
        #expect(port.drop(port.draft(refused.topic, qos: qos), on: refused.topic) == refused.reason)
        #expect(port.drop(port.draft("fine", qos: qos), on: "fine") == nil)
        // A client that is told so is not counted as one that is not.
        #expect(broker.core.counters.dropped(.topic) == topics)
        #expect(broker.core.counters.denied.load(ordering: .relaxed) == (refused.reason == .denied ? 3 : 0))
        #expect(port.isIdle)
        #expect(port.session?.session.state.duplicates.isEmpty == true)
    }

    @Test("A store without room says so at once, and costs QoS 0 nothing", arguments: acknowledged)
    func noRoom(qos: QoS) throws {
        let store = SlowStore()
        let broker = FuzzBroker(.remembering, lanes: 1, store: store)
        let (port, owner) = try broker.openPort()
        store.fill()
        owner.publish("t", qos: qos, on: port)
        owner.publish("t", on: port)
        #expect(owner.published == [.noRoom, .accepted])
        #expect(port.session?.session.state.duplicates.isEmpty == true)
    }

    @Test("A disk that does not confirm in time is not waited for, and changes no order when it does later")
    func unconfirmed() throws {
        let store = SlowStore()
        let broker = FuzzBroker(.remembering, lanes: 1, store: store)
        let (port, owner) = try broker.openPort()
        owner.publish("t", qos: .atLeastOnce, on: port, as: "early")
        port.endWork()
        broker.advance(by: .milliseconds(30))
        owner.publish("t", qos: .exactlyOnce, on: port, as: "late")
        port.endWork()
        #expect(owner.outcomes.isEmpty)
        // `request_timeout` of this broker is 50 ms.
        broker.advance(by: .milliseconds(20))
        #expect(owner.outcomes.map(\.name) == ["early"] && owner.published == [.unconfirmed])
        #expect(port.openCount == 1 && owner.units == 1)
        store.confirm()
        broker.settle()
        #expect(owner.outcomes.map(\.name) == ["early", "late"] && owner.published == [.unconfirmed, .durable])
        #expect(port.isIdle)
        broker.advance(by: .milliseconds(200))
        #expect(owner.outcomes.count == 2)
    }

    @Test("A broker that is about to stop begins nothing that it would have to acknowledge")
    func stopping() throws {
        let broker = FuzzBroker(.remembering, lanes: 1)
        let (port, owner) = try broker.openPort()
        broker.core.readiness.stop()
        for qos in [QoS.atMostOnce, .atLeastOnce, .exactlyOnce] { owner.publish("t", qos: qos, on: port) }
        #expect(owner.published == [.accepted, .stopping, .stopping])
    }

    @Test("The end of the session is the end of what waits, and of what comes later")
    func end() throws {
        let broker = FuzzBroker(.remembering, lanes: 1, store: SlowStore())
        let (port, owner) = try broker.openPort()
        owner.publish("t", qos: .atLeastOnce, on: port)
        port.endWork()
        port.close()
        #expect(!port.isOpen && owner.outcomes.isEmpty && !owner.hasEnded)
        broker.settle()
        #expect(owner.published == [.ended] && owner.hasEnded)
        owner.publish("t", on: port)
        #expect(owner.published == [.ended, .ended])
    }
}
