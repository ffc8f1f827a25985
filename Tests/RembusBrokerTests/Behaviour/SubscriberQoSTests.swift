import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Quality of service from the broker to the subscriber: behaviour.md §7, protocol.md §3.2, §4.
@Suite("Quality of service, subscribers")
struct SubscriberQoSTests {
    private static let levels: [QoS] = [.atLeastOnce, .exactlyOnce]

    @Test("A delivery keeps the quality of service", arguments: PeerEncoding.allCases, levels)
    func level(encoding: PeerEncoding, qos: QoS) throws {
        for loops in Stage.loops {
            let stage = try Stage(loops: loops, encoding)
            let (subscriber, publisher) = (try stage.subscriber(to: "level"), try stage.peer())
            try publisher.publish("level", "x", qos: qos)
            let received = try subscriber.nextPublication()
            #expect(received.flags == PublishFlags(qos: qos))
            #expect(received.topic == "level" && received.arguments == ["x"])
        }
    }

    @Test("Every Ack of a delivery at QoS 2 is confirmed by an Ack2, and one more harms nobody", arguments: Stage.loops)
    func confirmation(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "exact"), try stage.peer())
        publisher.sendPublication("exact", ["x"], qos: .exactlyOnce)
        let id = try #require(try subscriber.next().id)
        subscriber.send(.ack(id))
        #expect(try subscriber.next() == .ack2(id))
        // As one that crosses the Ack2: it may be confirmed again.
        subscriber.send(.ack(id))
        #expect(try subscriber.call("rid").status == .ok)
        #expect(try subscriber.receive().allSatisfy { $0 == .ack2(id) })
    }

    @Test("An unacknowledged delivery is sent again unchanged", arguments: levels, Stage.loops)
    func again(qos: QoS, loops: Int) throws {
        let stage = try Stage(loops: loops) { $0.ackTimeout = .milliseconds(200) }
        let (subscriber, publisher) = (try stage.subscriber(to: "again"), try stage.peer())
        publisher.sendPublication("again", ["x"], qos: qos)
        let first = try subscriber.next()
        guard case .publish(let publication) = first, let id = publication.id else {
            Issue.record("no delivery: \(first)")
            return
        }
        #expect(publication.flags == PublishFlags(qos: qos))
        for _ in 0..<2 {
            stage.broker.advance(by: .milliseconds(190))
            #expect(try subscriber.isSilent())
            stage.broker.advance(by: .milliseconds(10))
            #expect(try subscriber.next() == first)
            #expect(try subscriber.isSilent())
        }
        subscriber.send(.ack(id))
        #expect(try subscriber.receive() == (qos == .exactlyOnce ? [.ack2(id)] : []))
        stage.broker.advance(by: .seconds(60))
        #expect(try subscriber.isSilent())
    }

    @Test("Retransmission ends after so many times", arguments: Stage.loops)
    func end(loops: Int) throws {
        let stage = try Stage(loops: loops) {
            $0.ackTimeout = .milliseconds(50)
            $0.sendRetries = 3
        }
        let (subscriber, publisher) = (try stage.subscriber(to: "again"), try stage.peer())
        publisher.sendPublication("again", ["x"], qos: .atLeastOnce)
        stage.broker.advance(by: .seconds(60))
        let copies = try subscriber.receive()
        #expect(copies.count == 4)
        #expect(copies.allSatisfy { $0 == copies.first })
        #expect(try subscriber.call("rid").status == .ok)
    }

    @Test("The broker gives each delivery an id of its own", arguments: levels, Stage.loops)
    func ownID(qos: QoS, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "fresh"), try stage.peer())
        let sent = try publisher.publish("fresh", "x", qos: qos)
        let received = try subscriber.nextPublication().id
        #expect(received?.count == 8 && received != sent)
    }

    @Test("Two publishers with the same id do not meet", arguments: levels, Stage.loops)
    func sameID(qos: QoS, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let subscriber = try stage.subscriber(to: "same")
        let (first, second) = (try stage.peer("first"), try stage.peer("second"))
        let id = first.makeID()
        first.sendPublication("same", ["first"], qos: qos, id: id)
        second.sendPublication("same", ["second"], qos: qos, id: id)
        let deliveries: [Message.Publish] = try subscriber.receive().compactMap {
            if case .publish(let publication) = $0 { publication } else { nil }
        }
        #expect(deliveries.map(\.arguments) == [["first"], ["second"]])
        #expect(Set(deliveries.map(\.id)).count == 2)
        for delivery in deliveries {
            let id = try #require(delivery.id)
            subscriber.send(.ack(id))
            #expect(try subscriber.receive() == (qos == .exactlyOnce ? [.ack2(id)] : []))
        }
    }

    @Test("A subscriber that never acknowledges delays nobody", arguments: Stage.loops)
    func silent(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (silent, lively) = (try stage.subscriber("silent", to: "slow"), try stage.subscriber("lively", to: "slow"))
        let publisher = try stage.peer()
        for number in 0..<20 {
            let value = Value.integer(Int64(number))
            try publisher.publish("slow", value, qos: .atLeastOnce)
            #expect(try lively.nextPublication().arguments == [value])
        }
        guard case .publish(let first) = try silent.next() else {
            Issue.record("no delivery")
            return
        }
        #expect(first.arguments == [0])
    }

    @Test("A hundred unacknowledged messages are in flight", arguments: levels, Stage.loops)
    func window(qos: QoS, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "window"), try stage.peer())
        let sent = (0..<100).map { publisher.sendPublication("window", [.integer(Int64($0))], qos: qos) }
        for id in sent { try publisher.takeAck(of: try #require(id)) }
        let deliveries: [Message.Publish] = try subscriber.receive().compactMap {
            if case .publish(let publication) = $0 { publication } else { nil }
        }
        #expect(deliveries.map(\.arguments) == (0..<100).map { [.integer(Int64($0))] })
        let ids = deliveries.compactMap(\.id)
        #expect(Set(ids).count == 100)
        for id in ids.reversed() { subscriber.send(.ack(id)) }
        #expect(try subscriber.receive() == (qos == .exactlyOnce ? ids.reversed().map { .ack2($0) } : []))
    }
}
