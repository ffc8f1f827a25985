import RembusTesting
import RembusWire
import Testing

/// What a subscription with wildcards has in common with one without: behaviour.md §6.
@Suite("Deliveries of wildcards")
struct WildcardDeliveryTests {
    @Test("A pattern delivers only to a reactive subscriber", arguments: Stage.loops)
    func reactive(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.peer("subscriber"), try stage.peer())
        try subscriber.subscribe("quiet/*")
        try publisher.publish("quiet/x", "early", qos: .atLeastOnce)
        try subscriber.startDeliveries()
        try publisher.publish("quiet/x", "late")
        #expect(try subscriber.nextTopic() == Delivered("quiet/*", ["quiet/x", "late"]))
    }

    @Test(
        "A publisher does not receive its own message through a pattern", arguments: PeerEncoding.allCases, Stage.loops)
    func own(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (peer, other) = (try stage.subscriber(to: "echo/*"), try stage.peer())
        try peer.publish("echo/x", "mine")
        try other.publish("echo/x", "theirs")
        #expect(try peer.nextTopic() == Delivered("echo/*", ["echo/x", "theirs"]))
        #expect(try peer.isSilent())
    }

    @Test("An unsubscribed pattern delivers no more", arguments: Stage.loops)
    func unsubscribed(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "u/*", "u/**"), try stage.peer())
        try subscriber.unsubscribe("u/**")
        try publisher.publish("u/x", 1)
        #expect(try subscriber.nextTopic() == Delivered("u/*", ["u/x", 1]))
        #expect(try subscriber.isSilent())
    }

    @Test(
        "A pattern keeps the quality of service", arguments: PeerEncoding.allCases, [QoS.atLeastOnce, .exactlyOnce])
    func qos(encoding: PeerEncoding, qos: QoS) throws {
        for loops in Stage.loops {
            let stage = try Stage(loops: loops, encoding)
            let (subscriber, publisher) = (try stage.subscriber(to: "qos/*"), try stage.peer())
            try publisher.publish("qos/x", 1, qos: qos)
            let received = try subscriber.nextPublication()
            #expect(received.flags == PublishFlags(qos: qos))
            #expect(received.topic == "qos/*" && received.arguments == ["qos/x", 1])
            #expect(try subscriber.isSilent())
        }
    }

    @Test("A pattern keeps the slot", arguments: Stage.loops)
    func slot(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "slot/*"), try stage.peer())
        try publisher.publish("slot/x", 1, qos: .atLeastOnce, slot: 1_700_000_100)
        let received = try subscriber.nextPublication()
        #expect(received.flags == PublishFlags(qos: .atLeastOnce, hasSlot: true))
        #expect(received.slot == 1_700_000_100)
    }

    @Test("A duplicate at QoS 2 is not delivered again through a pattern", arguments: Stage.loops)
    func duplicate(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "dup/*"), try stage.peer("publisher"))
        let id = publisher.makeID()
        for _ in 0..<2 {
            publisher.sendPublication("dup/x", [1], qos: .exactlyOnce, id: id)
            try publisher.takeAck(of: id)
        }
        _ = try subscriber.nextPublication()
        #expect(try subscriber.isSilent())
    }

    @Test("A publication to a topic with a star is refused", arguments: PeerEncoding.allCases, QoS.allCases)
    func starTopic(encoding: PeerEncoding, qos: QoS) throws {
        for loops in Stage.loops {
            let stage = try Stage(loops: loops, encoding)
            let (subscriber, publisher) = (try stage.subscriber(to: "star/*", "star/**"), try stage.peer())
            for topic in ["star/*", "star/**", "star/a*"] {
                let id = publisher.sendPublication(topic, [1], qos: qos)
                guard let id else { continue }
                let answer = try publisher.answer(to: id)
                #expect(
                    answer?.says(
                        .error, "Cannot publish to `\(topic)`: wildcards are for subscribing. Name one topic.") == true)
            }
            #expect(try subscriber.isSilent() && publisher.isSilent())
        }
    }

    @Test("Calls know no wildcards", arguments: Stage.loops)
    func calls(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (provider, caller) = (try stage.peer("provider"), try stage.peer())
        try provider.expose("rpc/*")
        #expect(try caller.call("rpc/x").says(.methodNotFound, "rpc/x"))
        #expect(try provider.isSilent())
    }

    @Test("A hundred patterns of one subscriber", arguments: Stage.loops)
    func hundred(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(), try stage.peer())
        for number in 0..<100 { try subscriber.subscribe("h/\(number)/*") }
        try publisher.publish("h/57/x", 1)
        #expect(try subscriber.nextTopic() == Delivered("h/57/*", ["h/57/x", 1]))
        #expect(try subscriber.isSilent())
    }

    @Test("Every delivery is a publication", arguments: Stage.loops)
    func kind(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "kind/**"), try stage.peer())
        publisher.sendPublication("kind/x", [1], qos: .atLeastOnce)
        guard case .publish(let publication) = try subscriber.next() else {
            Issue.record("no publication")
            return
        }
        if let id = publication.id { subscriber.send(.ack(id)) }
        #expect(try subscriber.isSilent())
    }
}

extension Message.Publish {
    /// The slot that its id holds.
    var slot: UInt32? {
        guard flags.hasSlot, let id else { return nil }
        return id.withUnsafeBytes { bytes in (0..<4).reduce(0) { $0 | UInt32(bytes[$1]) << (8 * UInt32($1)) } }
    }
}
