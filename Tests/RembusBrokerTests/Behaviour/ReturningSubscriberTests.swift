import RembusTesting
import RembusWire
import Testing

/// Subscriptions of names that come back: behaviour.md §5.
@Suite("Subscribers that come back")
struct ReturningSubscriberTests {
    @Test("A subscription of a named component returns with it", arguments: Stage.loops)
    func returns(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, publisher) = (try stage.subscriber(to: "return", "return/*"), try stage.peer())
        first.hangUp()
        let subscriber = try stage.subscriber()
        try publisher.publish("return", 1)
        #expect(try subscriber.nextTopic() == Delivered("return", [1]))
        try publisher.publish("return/x", 2)
        #expect(try subscriber.nextTopic() == Delivered("return/*", ["return/x", 2]))
    }

    @Test("An unsubscribed topic does not come back with the name", arguments: Stage.loops)
    func dropped(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, publisher) = (try stage.subscriber(to: "dropped", "dropped/*"), try stage.peer())
        try first.unsubscribe("dropped", "dropped/*")
        first.hangUp()
        let subscriber = try stage.subscriber()
        try publisher.publish("dropped", 1)
        try publisher.publish("dropped/x", 1)
        #expect(try subscriber.isSilent())
    }

    @Test("Reactive is off again for a name that comes back", arguments: Stage.loops)
    func reactive(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (first, publisher) = (try stage.subscriber(to: "off"), try stage.peer())
        first.hangUp()
        let subscriber = try stage.peer("subscriber")
        try publisher.publish("off", "early", qos: .atLeastOnce)
        try subscriber.startDeliveries()
        try publisher.publish("off", "late")
        #expect(try subscriber.nextTopic() == Delivered("off", ["late"]))
        #expect(try subscriber.isSilent())
    }

    @Test("A subscriber that left without a word stops nobody", arguments: Stage.loops)
    func gone(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (gone, subscriber) = (try stage.subscriber("gone", to: "t"), try stage.subscriber(to: "t"))
        let publisher = try stage.peer()
        gone.hangUp()
        for number in 0..<50 { try publisher.publish("t", .integer(Int64(number))) }
        #expect(
            try (0..<50).map { _ in try subscriber.nextTopic().arguments } == (0..<50).map { [.integer(Int64($0))] })
    }
}
