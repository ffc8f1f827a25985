import NIOCore
import RembusTesting
import RembusWire
import Testing

/// Exact topics: behaviour.md §5.
@Suite("Publications")
struct PublicationTests {
    @Test("A subscriber receives the exact frame", arguments: Stage.loops)
    func exact(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "frame"), try stage.peer("publisher"))
        let message = Message.publish(
            .init(
                topic: "frame",
                arguments: [
                    12.5, "lpm", .null, true, -1, ["rate": 3], .bytes(ByteBuffer(bytes: [0, 0xFF])), [1, [2]],
                ]))
        publisher.send(message)
        #expect(try subscriber.next() == message)
    }

    @Test("Subscribe, then unsubscribe", arguments: PeerEncoding.allCases, Stage.loops)
    func unsubscribe(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "on"), try stage.peer("publisher"))
        try publisher.publish("on", 1)
        #expect(try subscriber.nextTopic() == Delivered("on", [1]))
        try subscriber.unsubscribe("on")
        try publisher.publish("on", 2)
        #expect(try subscriber.isSilent())
    }

    @Test("A publication without arguments", arguments: PeerEncoding.allCases, Stage.loops)
    func empty(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "empty"), try stage.peer())
        try publisher.publish("empty")
        #expect(try subscriber.nextTopic() == Delivered("empty", []))
    }

    @Test("Delivery needs reactive", arguments: PeerEncoding.allCases, Stage.loops)
    func reactive(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.peer("subscriber"), try stage.peer())
        try subscriber.subscribe("topic")
        try publisher.publish("topic", "lost", qos: .atLeastOnce)
        try subscriber.startDeliveries()
        try publisher.publish("topic", "seen")
        #expect(try subscriber.nextTopic() == Delivered("topic", ["seen"]))
    }

    @Test("Unreactive stops the delivery of every topic", arguments: PeerEncoding.allCases, Stage.loops)
    func unreactive(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "a", "b"), try stage.peer())
        try subscriber.stopDeliveries()
        try publisher.publish("a", 1, qos: .atLeastOnce)
        try publisher.publish("b", 1, qos: .atLeastOnce)
        try subscriber.startDeliveries()
        try publisher.publish("b", 2)
        #expect(try subscriber.nextTopic() == Delivered("b", [2]))
        #expect(try subscriber.isSilent())
    }

    @Test("A publisher does not receive its own message", arguments: PeerEncoding.allCases, Stage.loops)
    func own(encoding: PeerEncoding, loops: Int) throws {
        for name in ["peer", nil] {
            let stage = try Stage(loops: loops, encoding)
            let (peer, other) = (try stage.subscriber(name, to: "echo"), try stage.peer())
            try peer.publish("echo", "mine")
            try other.publish("echo", "theirs")
            #expect(try peer.nextTopic() == Delivered("echo", ["theirs"]))
            #expect(try peer.isSilent())
        }
    }

    @Test("Every subscriber receives one copy", arguments: Stage.loops)
    func copies(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let publisher = try stage.peer()
        let subscribers = try (0..<5).map { try stage.subscriber("s\($0)", to: "fan") }
        try publisher.publish("fan", "x")
        for subscriber in subscribers {
            #expect(try subscriber.nextTopic() == Delivered("fan", ["x"]))
            #expect(try subscriber.isSilent())
        }
    }

    @Test("Subscribing twice delivers once", arguments: Stage.loops)
    func twice(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "twice", "twice"), try stage.peer())
        try publisher.publish("twice", 1)
        #expect(try subscriber.nextTopic() == Delivered("twice", [1]))
        #expect(try subscriber.isSilent())
    }

    @Test("Topics are case-sensitive and matched whole", arguments: Stage.loops)
    func whole(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "Case/1"), try stage.peer())
        for topic in ["case/1", "Case/1/x", "Case/1/", "/Case/1", "Case/10"] { try publisher.publish(topic, 1) }
        #expect(try subscriber.isSilent())
    }

    @Test(
        "A topic may hold any character",
        arguments: ["a//b", "/lead", "trail/", "ünïcode/1", "with space", "q?x=1&y", "@x/1", ".1"], Stage.loops)
    func characters(topic: String, loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(), try stage.peer())
        try subscriber.subscribe(topic)
        try publisher.publish(topic, 1)
        #expect(try subscriber.nextTopic() == Delivered(topic, [1]))
    }

    @Test("A message of one mebibyte", arguments: Stage.loops)
    func large(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "big"), try stage.peer())
        let payload = Value.bytes(ByteBuffer(bytes: (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0) }))
        try publisher.publish("big", payload)
        #expect(try subscriber.nextTopic() == Delivered("big", [payload]))
    }

    /// Bytes of a payload and what a subscriber reads.
    private static let scalars: [([UInt8], [Value])] = [
        ([0xF6], []), ([0x07], [7]), ([0x64] + Array("text".utf8), ["text"]), ([0xA1, 0x61, 0x6B, 0x01], [["k": 1]]),
    ]

    @Test("A payload that is no array is one argument, and null is none", arguments: scalars.indices, Stage.loops)
    func scalarPayload(index: Int, loops: Int) throws {
        let (payload, arguments) = Self.scalars[index]
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "payload"), try stage.peer())
        publisher.send(bytes: [0x83, 0x01, 0x67] + Array("payload".utf8) + payload)
        #expect(try subscriber.nextTopic() == Delivered("payload", arguments))
    }

    @Test("The reserved bit of the flags is relayed", arguments: Stage.loops)
    func reserved(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "reserved"), try stage.peer())
        let flags = PublishFlags(rawValue: PublishFlags.reservedBit)
        publisher.send(.publish(.init(id: publisher.makeID(), flags: flags, topic: "reserved", arguments: [1])))
        guard case .publish(let publication) = try subscriber.next() else {
            Issue.record("no publication")
            return
        }
        #expect(publication.flags == flags && publication.topic == "reserved" && publication.arguments == [1])
    }

    @Test("Unsubscribing from an unknown topic is answered with 0", arguments: Stage.loops)
    func unknown(loops: Int) throws {
        try Stage(loops: loops).peer().unsubscribe("never")
    }
}
