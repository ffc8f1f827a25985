import NIOCore
import Testing

@testable import RembusMQTT

/// The client's end of a session, without a connection.
@Suite("MQTT client session")
struct SessionTests {
    private let session = MQTTClientSession()

    private func accept(
        present: Bool = false, version: MQTTVersion = .v5, _ adjust: (inout MQTTProperties) -> Void = { _ in }
    ) throws -> [MQTTPacket] {
        var properties = MQTTProperties()
        adjust(&properties)
        let facts = MQTTServerFacts(
            version: version, sessionPresent: present, options: MQTTClientOptions(clientID: "c"), properties: properties
        )
        return try sent { session.begin(facts, into: &$0) }
    }

    /// The packets that something writes.
    private func sent(_ body: (inout ByteBuffer) throws -> Void) throws -> [MQTTPacket] {
        var output = ByteBuffer()
        try body(&output)
        var reader = MQTTPacketReader(maxPacketBytes: 1 << 24, version: session.version)
        reader.feed(&output)
        var packets: [MQTTPacket] = []
        while let packet = try reader.next() { packets.append(packet) }
        return packets
    }

    private func publish(_ topic: String, _ qos: MQTTQoS, token: UInt64? = nil) throws -> [MQTTPacket] {
        let publish = MQTTPublish(topic: topic, payload: ByteBuffer(string: "x"), qos: qos)
        return try sent { session.publish(publish, token: token, into: &$0) }
    }

    private func topics(_ packets: [MQTTPacket]) -> [String] {
        packets.compactMap { if case .publish(let publish) = $0 { publish.topic } else { nil } }
    }

    private func pubrel(_ id: UInt16) -> MQTTPacket { .pubrel(packetID: id, reason: .success, properties: .init()) }

    @Test("QoS 1 ends with the PUBACK") func qos1() throws {
        _ = try accept()
        #expect(topics(try publish("a", .atLeastOnce, token: 7)) == ["a"])
        #expect(session.takeOutcomes().isEmpty)
        _ = try sent { session.received(puback: 1, .success, into: &$0) }
        #expect(session.takeOutcomes() == [.init(token: 7, reason: .success)])
        #expect(session.inFlightCount == 0)
    }

    @Test("QoS 2 ends with the PUBCOMP") func qos2() throws {
        _ = try accept()
        _ = try publish("a", .exactlyOnce, token: 7)
        #expect(try sent { session.received(pubrec: 1, .success, into: &$0) } == [pubrel(1)])
        #expect(session.takeOutcomes().isEmpty)
        // The server may ask again.
        #expect(try sent { session.received(pubrec: 1, .success, into: &$0) } == [pubrel(1)])
        _ = try sent { session.received(pubcomp: 1, into: &$0) }
        #expect(session.takeOutcomes() == [.init(token: 7, reason: .success)])
    }

    @Test("A refusal ends a message") func refusal() throws {
        _ = try accept()
        _ = try publish("a", .exactlyOnce, token: 7)
        #expect(try sent { session.received(pubrec: 1, .quotaExceeded, into: &$0) }.isEmpty)
        #expect(session.takeOutcomes() == [.init(token: 7, reason: .quotaExceeded)])
    }

    @Test("A token is published once while it is under way") func tokens() throws {
        _ = try accept()
        #expect(try publish("a", .atLeastOnce, token: 7).count == 1)
        #expect(try publish("a", .atLeastOnce, token: 7).isEmpty)
    }

    @Test("The window of the server is kept, and nothing overtakes") func window() throws {
        _ = try accept { $0.receiveMaximum = 2 }
        #expect(try publish("a", .atLeastOnce, token: 1).count == 1)
        #expect(try publish("b", .atLeastOnce, token: 2).count == 1)
        #expect(try publish("c", .atLeastOnce, token: 3).isEmpty)
        // QoS 0 needs no window, but the order does.
        #expect(try publish("d", .atMostOnce).isEmpty)
        #expect(session.waitingCount == 2)
        #expect(topics(try sent { session.received(puback: 1, .success, into: &$0) }) == ["c", "d"])
        #expect(session.waitingBytes == 0)
    }

    @Test("A resumed session goes on: copies first, then what waited") func resumed() throws {
        _ = try accept()
        _ = try publish("a", .atLeastOnce, token: 1)
        _ = try publish("b", .exactlyOnce, token: 2)
        _ = try publish("c", .exactlyOnce, token: 3)
        _ = try sent { session.received(pubrec: 2, .success, into: &$0) }
        _ = session.end()
        #expect(try publish("d", .atMostOnce).isEmpty)
        let again = try accept(present: true)
        #expect(topics(again) == ["a", "c", "d"])
        #expect(again[1] == pubrel(2))
        guard case .publish(let first) = again[0], case .publish(let third) = again[2] else {
            Issue.record("this is something else")
            return
        }
        #expect(first.isDuplicate && first.packetID == 1)
        #expect(third.isDuplicate && third.packetID == 3)
    }

    @Test("A server that has forgotten the session gets the messages anew") func forgotten() throws {
        _ = try accept()
        _ = try publish("a", .atLeastOnce, token: 1)
        _ = try publish("b", .exactlyOnce, token: 2)
        _ = try sent { session.received(pubrec: 2, .success, into: &$0) }
        _ = session.end()
        let again = try accept()
        #expect(topics(again) == ["a"])
        guard case .publish(let first)? = again.first else {
            Issue.record("no PUBLISH")
            return
        }
        #expect(!first.isDuplicate)
        // It had the other one.
        #expect(session.takeOutcomes() == [.init(token: 2, reason: .success)])
    }

    @Test("A smaller window after a reconnect holds back copies too") func smallerWindow() throws {
        _ = try accept()
        for number in 1...4 { _ = try publish("\(number)", .atLeastOnce, token: UInt64(number)) }
        _ = session.end()
        #expect(topics(try accept(present: true) { $0.receiveMaximum = 2 }) == ["1", "2"])
        #expect(topics(try sent { session.received(puback: 1, .success, into: &$0) }) == ["3"])
    }

    @Test("The server's maximum QoS and packet size hold") func limits() throws {
        _ = try accept {
            $0.maximumQoS = 1
            $0.maximumPacketSize = 30
        }
        guard case .publish(let publish)? = try publish("a", .exactlyOnce, token: 1).first else {
            Issue.record("this is something else")
            return
        }
        #expect(publish.qos == .atLeastOnce)
        let large = MQTTPublish(topic: "a", payload: ByteBuffer(repeating: 0, count: 40), qos: .atLeastOnce)
        #expect(try sent { session.publish(large, token: 2, into: &$0) }.isEmpty)
        #expect(session.takeOutcomes() == [.init(token: 2, reason: .packetTooLarge)])
    }

    @Test("A blocked socket holds everything back") func blocked() throws {
        _ = try accept()
        session.isBlocked = true
        #expect(try publish("a", .atMostOnce).isEmpty)
        #expect(session.waitingBytes == 2)
        session.isBlocked = false
        #expect(topics(try sent { session.pump(into: &$0) }) == ["a"])
    }

    @Test("What waits can be given up") func dropped() throws {
        #expect(try publish("a", .atLeastOnce, token: 1).isEmpty)
        #expect(session.dropWaiting() == 1)
        #expect(session.takeOutcomes() == [.init(token: 1, reason: .unspecifiedError)])
    }

    // MARK: Incoming

    private func arrive(
        _ id: UInt16, _ qos: MQTTQoS, duplicate: Bool = false, maximum: UInt16 = 10
    ) throws -> (receipt: MQTTReceipt?, isNew: Bool, packets: [MQTTPacket]) {
        var arrival = MQTTClientSession.Arrival.known
        let packets = try sent {
            arrival = try session.arrived(id, qos, isDuplicate: duplicate, maximum: maximum, into: &$0)
        }
        if case .new(let receipt) = arrival { return (receipt, true, packets) }
        return (nil, false, packets)
    }

    @Test("A message is acknowledged when its owner says so, a copy meanwhile ignored") func incoming() throws {
        _ = try accept()
        let first = try arrive(5, .atLeastOnce)
        #expect(first.isNew && first.packets.isEmpty)
        #expect(try !arrive(5, .atLeastOnce, duplicate: true).isNew)
        let receipt = try #require(first.receipt)
        #expect(
            try sent { session.acknowledge(receipt, into: &$0) }
                == [.puback(packetID: 5, reason: .success, properties: .init())])
        #expect(try arrive(5, .atLeastOnce).isNew)
    }

    @Test("QoS 2 arrives once, however often it is sent") func exactlyOnce() throws {
        _ = try accept()
        let receipt = try #require(try arrive(5, .exactlyOnce).receipt)
        let pubrec = MQTTPacket.pubrec(packetID: 5, reason: .success, properties: .init())
        #expect(try sent { session.acknowledge(receipt, into: &$0) } == [pubrec])
        let copy = try arrive(5, .exactlyOnce, duplicate: true)
        #expect(!copy.isNew && copy.packets == [pubrec])
        #expect(
            try sent { session.received(pubrel: 5, into: &$0) }
                == [.pubcomp(packetID: 5, reason: .success, properties: .init())])
        #expect(
            try sent { session.received(pubrel: 5, into: &$0) }
                == [.pubcomp(packetID: 5, reason: .packetIdentifierNotFound, properties: .init())])
        #expect(try arrive(5, .exactlyOnce).isNew)
    }

    @Test("An acknowledgement without a connection is made up for") func lateAcknowledgement() throws {
        _ = try accept()
        let receipt = try #require(try arrive(5, .atLeastOnce).receipt)
        _ = session.end()
        #expect(try sent { session.acknowledge(receipt, into: &$0) }.isEmpty)
        _ = try accept(present: true)
        let copy = try arrive(5, .atLeastOnce, duplicate: true)
        #expect(!copy.isNew && copy.packets.count == 1)
    }

    @Test("Receipts of a session that is gone are worth nothing") func oldReceipt() throws {
        _ = try accept()
        let receipt = try #require(try arrive(5, .atLeastOnce).receipt)
        _ = session.end()
        _ = try accept()
        #expect(try arrive(5, .atLeastOnce).isNew)
        #expect(try sent { session.acknowledge(receipt, into: &$0) }.isEmpty)
    }

    @Test("More than the receive maximum is a violation") func receiveMaximum() throws {
        _ = try accept()
        _ = try arrive(1, .atLeastOnce, maximum: 2)
        _ = try arrive(2, .exactlyOnce, maximum: 2)
        _ = try arrive(0, .atMostOnce, maximum: 2)
        #expect(throws: MQTTProtocolError.self) { try arrive(3, .atLeastOnce, maximum: 2) }
    }

    @Test("Echoes are recognised once each, and not for ever") func echoes() {
        var filter = MQTTEchoFilter()
        let (payload, now) = (ByteBuffer(string: "x"), NIODeadline.now())
        filter.note("a/b", payload, ["a/#"], now: now)
        filter.note("c", payload, ["a/#"], now: now)
        let answers = ["a/c", "a/b", "a/b", "c"].map { filter.isEcho($0, payload, now: now) }
        #expect(answers == [false, true, false, false])
        filter.note("a/b", payload, ["#"], now: now)
        let isLate = filter.isEcho("a/b", payload, now: now + .seconds(60))
        #expect(!isLate)
    }
}
