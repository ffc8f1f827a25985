import RembusTesting
import RembusWire
import Testing

/// Quality of service from the publisher to the broker: behaviour.md §7, protocol.md §3.2, §4.
@Suite("Quality of service, publishers")
struct PublisherQoSTests {
    private static let levels: [QoS] = [.atLeastOnce, .exactlyOnce]

    @Test("Every copy of a publication is acknowledged", arguments: PeerEncoding.allCases, levels)
    func copies(encoding: PeerEncoding, qos: QoS) throws {
        for loops in Stage.loops {
            let publisher = try Stage(loops: loops, encoding).peer("publisher")
            let id = publisher.makeID()
            for _ in 0..<3 {
                publisher.sendPublication("copies", [1], qos: qos, id: id)
                #expect(try publisher.receive() == [.ack(id)])
            }
        }
    }

    @Test("QoS 0 is not acknowledged", arguments: PeerEncoding.allCases, Stage.loops)
    func zero(encoding: PeerEncoding, loops: Int) throws {
        let publisher = try Stage(loops: loops, encoding).peer()
        publisher.sendPublication("zero", [1])
        #expect(try publisher.isSilent())
    }

    @Test("Duplicates at QoS 1 are delivered", arguments: Stage.loops)
    func duplicates(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "dup"), try stage.peer("publisher"))
        let id = publisher.makeID()
        for _ in 0..<2 {
            publisher.sendPublication("dup", ["x"], qos: .atLeastOnce, id: id)
            #expect(try subscriber.nextPublication().arguments == ["x"])
        }
    }

    @Test("Duplicates at QoS 2 are delivered once", arguments: PeerEncoding.allCases, Stage.loops)
    func once(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "dup"), try stage.peer("publisher"))
        let id = publisher.makeID()
        for _ in 0..<3 { publisher.sendPublication("dup", ["x"], qos: .exactlyOnce, id: id) }
        #expect(try subscriber.nextPublication().arguments == ["x"])
        #expect(try subscriber.isSilent())
    }

    @Test("After an Ack2 the same id is a new message", arguments: Stage.loops)
    func reuse(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "reuse"), try stage.peer("publisher"))
        let id = publisher.makeID()
        for number: Value in [0, 1] {
            try publisher.publish("reuse", number, qos: .exactlyOnce, id: id)
            #expect(try subscriber.nextPublication().arguments == [number])
        }
    }

    @Test("Duplicates at QoS 2 are recognised when a named publisher comes back", arguments: Stage.loops)
    func reconnection(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let subscriber = try stage.subscriber(to: "resend")
        var publisher = try stage.peer("publisher")
        let id = publisher.makeID()
        publisher.sendPublication("resend", ["once"], qos: .exactlyOnce, id: id)
        try publisher.takeAck(of: id)
        #expect(try subscriber.nextPublication().arguments == ["once"])
        publisher.hangUp()
        publisher = try stage.peer("publisher")
        try publisher.publish("resend", "once", qos: .exactlyOnce, id: id)
        #expect(try subscriber.isSilent())
    }

    @Test("Two anonymous publishers may use the same id at QoS 2", arguments: Stage.loops)
    func strangers(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let subscriber = try stage.subscriber(to: "same")
        let (first, second) = (try stage.peer(), try stage.peer())
        let id = first.makeID()
        first.sendPublication("same", ["first"], qos: .exactlyOnce, id: id)
        #expect(try subscriber.nextPublication().arguments == ["first"])
        second.sendPublication("same", ["second"], qos: .exactlyOnce, id: id)
        #expect(try subscriber.nextPublication().arguments == ["second"])
    }

    @Test("An Ack and an Ack2 of unknown ids are ignored", arguments: PeerEncoding.allCases, Stage.loops)
    func unknown(encoding: PeerEncoding, loops: Int) throws {
        let peer = try Stage(loops: loops, encoding).peer()
        peer.send(.ack(peer.makeID()), .ack2(peer.makeID()))
        #expect(try peer.call("rid").status == .ok)
        #expect(try peer.isSilent())
    }

    @Test("A publication without subscribers is acknowledged", arguments: levels, Stage.loops)
    func nobody(qos: QoS, loops: Int) throws {
        try Stage(loops: loops).peer("publisher").publish("nobody", 1, qos: qos)
    }

    @Test("An id of 16 bytes is acknowledged as it came", arguments: Stage.loops)
    func longID(loops: Int) throws {
        let publisher = try Stage(loops: loops).peer()
        let id = try #require(MessageID(bytes: Array(0..<16)))
        publisher.sendPublication("long", [1], qos: .atLeastOnce, id: id)
        #expect(try publisher.next() == .ack(id))
    }
}
