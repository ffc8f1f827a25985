import RembusTesting
import RembusWire
import Testing

/// Slots, which publications carry in their ids: protocol.md §4.
@Suite("Slots")
struct SlotTests {
    @Test("A slot reaches the subscriber", arguments: QoS.allCases, [1, 1_700_000_100, UInt32.max])
    func reaches(qos: QoS, slot: UInt32) throws {
        for loops in Stage.loops {
            let stage = try Stage(loops: loops)
            let (subscriber, publisher) = (try stage.subscriber(to: "slot"), try stage.peer())
            try publisher.publish("slot", "x", qos: qos, slot: slot)
            let received = try subscriber.nextPublication()
            #expect(received.flags == PublishFlags(qos: qos, hasSlot: true))
            #expect(received.slot == slot)
            #expect(received.topic == "slot" && received.arguments == ["x"])
        }
    }

    @Test("Deliveries with one slot still have different ids", arguments: Stage.loops)
    func ids(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "slot"), try stage.peer())
        for _ in 0..<20 { try publisher.publish("slot", "x", qos: .atLeastOnce, slot: 900) }
        let received = try (0..<20).map { _ in try subscriber.nextPublication() }
        #expect(Set(received.map(\.id)).count == 20)
        #expect(received.allSatisfy { $0.slot == 900 })
    }

    @Test("Slots reach JSON peers from JSON peers", arguments: [PeerEncoding.json, .julia], Stage.loops)
    func json(encoding: PeerEncoding, loops: Int) throws {
        let stage = try Stage(loops: loops, encoding)
        let (subscriber, publisher) = (try stage.subscriber(to: "slot"), try stage.peer())
        try publisher.publish("slot", "x", qos: .atLeastOnce, slot: 1_700_000_100)
        let received = try subscriber.nextPublication()
        #expect(received.flags == PublishFlags(qos: .atLeastOnce, hasSlot: true))
        #expect(received.slot == 1_700_000_100)
    }
}
