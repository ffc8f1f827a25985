import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// What a subscriber has received already, and what it has not acknowledged: behaviour.md §7, §11.
@Suite("Replay, marks and windows")
struct ReplayMarkTests {
    @Test("What was received live is not replayed", arguments: Keeping.allCases)
    func live(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (first, publisher) = (try stage.returning("t"), try stage.peer())
        try first.startDeliveries()
        try publisher.publish("t", "received", qos: .atLeastOnce)
        #expect(try first.nextTopic() == Delivered("t", ["received"]))
        first.hangUp()
        let subscriber = try stage.returning("t")
        try subscriber.startDeliveries()
        try stage.expectLive(publisher, subscriber)
    }

    @Test("Asking for deliveries again does not replay again", arguments: Keeping.allCases)
    func again(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "once", qos: .atLeastOnce)
        let subscriber = try stage.returning("t")
        try subscriber.startDeliveries()
        #expect(try subscriber.nextTopic() == Delivered("t", ["once"]))
        try subscriber.stopDeliveries()
        try subscriber.startDeliveries()
        try stage.expectLive(publisher, subscriber)
    }

    @Test("What came while there were no deliveries is replayed", arguments: Keeping.allCases)
    func meanwhile(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (subscriber, publisher) = (try stage.returning("t"), try stage.peer())
        try subscriber.startDeliveries()
        try subscriber.stopDeliveries()
        try publisher.publish("t", "meanwhile", qos: .atLeastOnce)
        #expect(try subscriber.isSilent())
        try subscriber.startDeliveries()
        #expect(try subscriber.nextTopic() == Delivered("t", ["meanwhile"]))
        try stage.expectLive(publisher, subscriber)
    }

    @Test("A topic that is subscribed later is replayed from its own mark", arguments: Keeping.allCases)
    func ownMark(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (subscriber, publisher) = (try stage.returning("a"), try stage.peer())
        try subscriber.startDeliveries()
        try publisher.publish("b", "earlier", qos: .atLeastOnce)
        try publisher.publish("a", "later", qos: .atLeastOnce)
        #expect(try subscriber.nextTopic() == Delivered("a", ["later"]))
        try subscriber.subscribe("b", messageFrom: .infinity)
        try subscriber.startDeliveries()
        #expect(try subscriber.nextTopic() == Delivered("b", ["earlier"]))
        #expect(try subscriber.isSilent())
    }

    @Test("A live message does not hide older ones", arguments: Keeping.allCases)
    func order(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (first, publisher) = (try stage.returning("t"), try stage.peer())
        first.hangUp()
        for number in 0..<3 { try publisher.publish("t", .integer(Int64(number)), qos: .atLeastOnce) }
        let subscriber = try stage.subscriber()
        try publisher.publish("t", 3, qos: .atLeastOnce)
        #expect(try (0..<4).map { _ in try subscriber.nextTopic().arguments } == (0..<4).map { [.integer($0)] })
        try stage.expectLive(publisher, subscriber)
    }

    @Test(
        "An unacknowledged delivery is replayed after a reconnection", arguments: [QoS.atLeastOnce, .exactlyOnce],
        Keeping.allCases)
    func unacknowledged(qos: QoS, keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (first, publisher) = (try stage.returning("t"), try stage.peer())
        try first.startDeliveries()
        publisher.sendPublication("t", ["unconfirmed"], qos: qos)
        let delivery = try first.next()
        guard case .publish(let publication) = delivery else {
            Issue.record("no publication: \(delivery)")
            return
        }
        #expect(publication.arguments == ["unconfirmed"])
        first.hangUp()
        let subscriber = try stage.subscriber()
        #expect(try subscriber.nextTopic() == Delivered("t", ["unconfirmed"]))
        try stage.expectLive(publisher, subscriber)
    }

    @Test("A full window holds back, and a new connection starts fresh", arguments: Keeping.allCases)
    func fullWindow(keeping: Keeping) throws {
        let stage = try Stage(keeping) { $0.limits.maxInFlight = 1 }
        let (first, publisher) = (try stage.returning("t"), try stage.peer())
        try first.startDeliveries()
        for number in 0..<3 { try publisher.publish("t", .integer(Int64(number)), qos: .atLeastOnce) }
        // The first stays unacknowledged, so the others wait in the store.
        let unacknowledged = try first.next()
        #expect(try first.isSilent())
        first.hangUp()
        let subscriber = try stage.peer("subscriber")
        try subscriber.subscribe("t")
        try subscriber.startDeliveries()
        // What was on its way comes again under its id; what only waited is not wanted any more.
        #expect(try subscriber.next() == unacknowledged)
        #expect(try subscriber.isSilent())
        subscriber.send(.ack(try #require(unacknowledged.id)))
        try publisher.publish("t", "new", qos: .atLeastOnce)
        #expect(try subscriber.nextTopic() == Delivered("t", ["new"]))
        #expect(try subscriber.isSilent())
    }

    @Test("What a full window held back comes with the acknowledgements", arguments: Keeping.allCases)
    func heldBack(keeping: Keeping) throws {
        let stage = try Stage(keeping) { $0.limits.maxInFlight = 1 }
        let (subscriber, publisher) = (try stage.subscriber(to: "t"), try stage.peer())
        for number in 0..<20 {
            try publisher.publish("t", .integer(Int64(number)), qos: number % 2 == 0 ? .atLeastOnce : .exactlyOnce)
        }
        #expect(try (0..<20).map { _ in try subscriber.nextTopic().arguments } == (0..<20).map { [.integer($0)] })
        #expect(try subscriber.isSilent())
        try publisher.publish("t", "live again", qos: .atLeastOnce)
        #expect(try subscriber.nextTopic() == Delivered("t", ["live again"]))
    }
}
