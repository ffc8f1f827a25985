import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Messages at rest, in memory and on the disk: behaviour.md §11. What a named subscriber missed comes when it asks for deliveries.
@Suite("Replay")
struct ReplayTests {
    @Test("What was missed is replayed in order", arguments: PeerEncoding.allCases, Keeping.allCases)
    func missed(encoding: PeerEncoding, keeping: Keeping) throws {
        let stage = try Stage(keeping, encoding)
        let (first, publisher) = (try stage.subscriber(), try stage.peer())
        try first.subscribe("t", messageFrom: .infinity)
        try publisher.publish("t", 0)
        #expect(try first.nextTopic() == Delivered("t", [0]))
        first.hangUp()
        for number in 1...10 { try publisher.publish("t", .integer(Int64(number)), qos: .atLeastOnce) }
        let subscriber = try stage.returning("t")
        try subscriber.startDeliveries()
        #expect(try (1...10).map { _ in try subscriber.nextTopic() } == (1...10).map { Delivered("t", [.integer($0)]) })
        try stage.expectLive(publisher, subscriber)
    }

    @Test("The subscription itself survives a reconnection", arguments: Keeping.allCases)
    func subscription(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (first, publisher) = (try stage.subscriber(), try stage.peer())
        try first.subscribe("t", messageFrom: .infinity)
        first.hangUp()
        try publisher.publish("t", "missed", qos: .atLeastOnce)
        let subscriber = try stage.subscriber()
        #expect(try subscriber.nextTopic() == Delivered("t", ["missed"]))
        try stage.expectLive(publisher, subscriber)
    }

    @Test("A new subscriber gets everything when it wants what it has not received", arguments: Keeping.allCases)
    func everything(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        for number in 0..<5 { try publisher.publish("t", .integer(Int64(number)), qos: .atLeastOnce) }
        let subscriber = try stage.returning("t")
        try subscriber.startDeliveries()
        #expect(try (0..<5).map { _ in try subscriber.nextTopic().arguments } == (0..<5).map { [.integer($0)] })
        try stage.expectLive(publisher, subscriber)
    }

    @Test("From now on replays nothing", arguments: Keeping.allCases)
    func now(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "old", qos: .atLeastOnce)
        let subscriber = try stage.subscriber(to: "t")
        try stage.expectLive(publisher, subscriber)
    }

    @Test("A duration replays what is younger, and nothing that is older", arguments: Keeping.allCases)
    func duration(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "old", qos: .atLeastOnce)
        stage.broker.advance(by: .seconds(61))
        try publisher.publish("t", "recent", qos: .atLeastOnce)
        stage.broker.advance(by: .seconds(30))
        let subscriber = try stage.peer("subscriber")
        try subscriber.subscribe("t", messageFrom: 60e9)
        try subscriber.startDeliveries()
        #expect(try subscriber.nextTopic() == Delivered("t", ["recent"]))
        try stage.expectLive(publisher, subscriber)
    }

    @Test("Of one nanosecond, everything is older", arguments: Keeping.allCases)
    func nanosecond(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "old", qos: .atLeastOnce)
        let subscriber = try stage.peer("subscriber")
        try subscriber.subscribe("t", messageFrom: 1)
        try subscriber.startDeliveries()
        try stage.expectLive(publisher, subscriber)
    }

    @Test("The window of `reactive` bounds the replay", arguments: Keeping.allCases)
    func window(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "old", qos: .atLeastOnce)
        stage.broker.advance(by: .seconds(61))
        try publisher.publish("t", "recent", qos: .atLeastOnce)
        let none = try stage.returning("t", as: "none")
        try none.startDeliveries(messageFrom: 0)
        try stage.expectLive(publisher, none)
        let minute = try stage.returning("t", as: "minute")
        try minute.startDeliveries(messageFrom: 60e9)
        #expect(try minute.nextTopic() == Delivered("t", ["recent"]))
        #expect(try minute.nextTopic().arguments == ["live"])
        #expect(try minute.isSilent())
    }

    @Test(
        "Patterns are replayed in the form of a live delivery", arguments: PeerEncoding.allCases, Keeping.allCases)
    func patterns(encoding: PeerEncoding, keeping: Keeping) throws {
        let stage = try Stage(keeping, encoding)
        let (first, publisher) = (try stage.returning("t/**"), try stage.peer())
        first.hangUp()
        try publisher.publish("t/a/b", 1, qos: .atLeastOnce)
        try publisher.publish("t/c", 2, qos: .atLeastOnce)
        let subscriber = try stage.subscriber()
        #expect(try subscriber.nextTopic() == Delivered("t/**", ["t/a/b", 1]))
        #expect(try subscriber.nextTopic() == Delivered("t/**", ["t/c", 2]))
        #expect(try subscriber.isSilent())
    }

    @Test("Anonymous subscribers get no replay", arguments: Keeping.allCases)
    func anonymous(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        try publisher.publish("t", "old", qos: .atLeastOnce)
        let subscriber = try stage.peer()
        try subscriber.subscribe("t", messageFrom: .infinity)
        try subscriber.startDeliveries()
        try stage.expectLive(publisher, subscriber)
    }

    @Test("A component gets no replay of its own messages", arguments: Keeping.allCases)
    func own(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (peer, other) = (try stage.returning("t"), try stage.peer("other"))
        try peer.publish("t", "mine", qos: .atLeastOnce)
        try other.publish("t", "theirs", qos: .atLeastOnce)
        try peer.startDeliveries()
        #expect(try peer.nextTopic() == Delivered("t", ["theirs"]))
        try stage.expectLive(other, peer)
    }

    @Test(
        "Quality of service and slot are those of the original, with a new id", arguments: QoS.allCases,
        Keeping.allCases)
    func original(qos: QoS, keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let publisher = try stage.peer()
        let sent = try publisher.publish("t", "x", qos: qos, slot: 1_700_000_100)
        let subscriber = try stage.returning("t")
        try subscriber.startDeliveries()
        let received = try subscriber.nextPublication()
        #expect(received.flags == PublishFlags(qos: qos, hasSlot: true))
        #expect(received.slot == 1_700_000_100)
        if qos > .atMostOnce { #expect(received.id != sent) }
    }

    @Test("QoS 0 is replayed as well", arguments: Keeping.allCases)
    func atMostOnce(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (subscriber, publisher) = (try stage.returning("t"), try stage.peer())
        try publisher.publish("t", "zero")
        try publisher.publish("t", "one", qos: .atLeastOnce)
        try subscriber.startDeliveries()
        #expect(try (0..<2).map { _ in try subscriber.nextTopic().arguments } == [["zero"], ["one"]])
    }

    @Test("An unsubscribed topic is not replayed", arguments: Keeping.allCases)
    func unsubscribed(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (first, publisher) = (try stage.returning("t"), try stage.peer())
        try first.subscribe("t/*", messageFrom: .infinity)
        try first.unsubscribe("t", "t/*")
        first.hangUp()
        try publisher.publish("t", 1, qos: .atLeastOnce)
        try publisher.publish("t/x", 1, qos: .atLeastOnce)
        #expect(try stage.subscriber().isSilent())
    }

    @Test("Replay does not delay others", arguments: Keeping.allCases)
    func bystander(keeping: Keeping) throws {
        let stage = try Stage(keeping)
        let (subscriber, publisher) = (try stage.returning("t"), try stage.peer())
        let bystander = try stage.subscriber("bystander", to: "live")
        for number in 0..<2000 { try publisher.publish("t", .integer(Int64(number))) }
        try publisher.publish("t", "end", qos: .atLeastOnce)
        try subscriber.startDeliveries()
        try publisher.publish("live", "now")
        #expect(try bystander.nextTopic() == Delivered("live", ["now"]))
        #expect(
            try (0...2000).map { _ in try subscriber.nextTopic().arguments }
                == (0..<2000).map { [.integer($0)] } + [["end"]])
        try stage.expectLive(publisher, subscriber)
    }
}

extension Stage {
    /// A peer that wants everything on a topic that it has not received, without deliveries yet.
    func returning(_ topic: String, as name: String = "subscriber") throws -> InProcessPeer {
        let peer = try peer(name)
        try peer.subscribe(topic, messageFrom: .infinity)
        return peer
    }

    /// Nothing has come for the subscriber, and the next thing is what is published now.
    func expectLive(
        _ publisher: InProcessPeer, _ subscriber: InProcessPeer, on topic: String = "t",
        at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try subscriber.isSilent(), sourceLocation: location)
        try publisher.publish(topic, "live")
        #expect(try subscriber.nextTopic() == Delivered(topic, ["live"]), sourceLocation: location)
        #expect(try subscriber.isSilent(), sourceLocation: location)
    }
}
