import RembusMQTT

/// The packet identifiers of messages that are on their way to a client.
///
/// An identifier's place is its remainder by the size of the table, so finding one is an array access. They are given in
/// turn, beginning anywhere, so that one of an earlier run of the broker is not soon met again.
struct PacketWindow {
    enum State: UInt8 {
        case free
        /// PUBLISH at QoS 1 was sent; PUBACK ends it.
        case publishedOnce
        /// PUBLISH at QoS 2 was sent; PUBREC is next.
        case published
        /// PUBREL was sent; PUBCOMP ends it.
        case released
    }

    struct Slot {
        var packetID: UInt16 = 0
        var state = State.free
        /// What the broker knows the delivery by; 0 when it has not sent it since it was started.
        var delivery: UInt64 = 0
    }

    private var slots: [Slot] = []
    private var last = UInt16.random(in: .min ... .max)
    private(set) var count = 0
    /// Those whose message the client has, so that the broker does not count them any more.
    private(set) var releasedCount = 0

    private static let maxCount = 32_768
    private static let maxSlots = 65_536

    /// Takes an identifier for a delivery; nil when there is none.
    mutating func open(_ delivery: UInt64, _ qos: MQTTQoS) -> UInt16? {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: 16) }
        if count * 2 > slots.count, slots.count < Self.maxSlots { grow() }
        guard count < Self.maxCount else { return nil }
        while true {
            last &+= 1
            if last == 0 { last = 1 }
            let place = Int(last) & (slots.count - 1)
            guard slots[place].state == .free else { continue }
            slots[place] = Slot(
                packetID: last, state: qos == .exactlyOnce ? .published : .publishedOnce, delivery: delivery)
            count += 1
            return last
        }
    }

    /// Takes up an identifier of an earlier run; one whose message was released has nothing to be sent again.
    mutating func restore(_ packetID: UInt16, isReleased: Bool) {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: 16) }
        // Any two identifiers have places of their own in a table that is large enough.
        while slots[Int(packetID) & (slots.count - 1)].state != .free, slots.count < Self.maxSlots { grow() }
        guard count < Self.maxCount, slots[Int(packetID) & (slots.count - 1)].state == .free else { return }
        slots[Int(packetID) & (slots.count - 1)] = Slot(
            packetID: packetID, state: isReleased ? .released : .published)
        count += 1
        if isReleased { releasedCount += 1 }
    }

    /// Names the delivery of an identifier of an earlier run.
    mutating func attach(_ packetID: UInt16, to delivery: UInt64) {
        guard let place = place(packetID) else { return }
        slots[place].delivery = delivery
    }

    /// The delivery of an identifier in a state, which it leaves; nil when it is not in that state.
    mutating func close(_ packetID: UInt16, _ state: State) -> UInt64? {
        guard let place = place(packetID), slots[place].state == state else { return nil }
        if state == .released { releasedCount -= 1 }
        slots[place].state = .free
        count -= 1
        return slots[place].delivery
    }

    /// The client has the message of QoS 2; its delivery, nil when there is no such message.
    mutating func release(_ packetID: UInt16) -> UInt64? {
        guard let place = place(packetID), slots[place].state == .published else { return nil }
        slots[place].state = .released
        releasedCount += 1
        return slots[place].delivery
    }

    func state(_ packetID: UInt16) -> State { place(packetID).map { slots[$0].state } ?? .free }

    /// Everything that is open, to go on with it on another connection.
    var open: [Slot] { slots.filter { $0.state != .free } }

    /// Gives up what was sent and not released, unless `isStillOwed`. The client may have got a message of QoS 2 and keep its
    /// identifier: that stays in use.
    ///
    /// - Returns: Such identifiers. Their messages have to be sent again, or released.
    mutating func dropPublished(unless isStillOwed: (UInt64) -> Bool) -> [UInt16] {
        var uncertain: [UInt16] = []
        for place in slots.indices where slots[place].state == .publishedOnce || slots[place].state == .published {
            guard slots[place].delivery != 0, !isStillOwed(slots[place].delivery) else { continue }
            if slots[place].state == .published {
                slots[place].delivery = 0
                uncertain.append(slots[place].packetID)
            } else {
                slots[place].state = .free
                count -= 1
            }
        }
        return uncertain
    }

    private func place(_ packetID: UInt16) -> Int? {
        guard !slots.isEmpty else { return nil }
        let place = Int(packetID) & (slots.count - 1)
        return slots[place].packetID == packetID && slots[place].state != .free ? place : nil
    }

    private mutating func grow() {
        var larger = Array(repeating: Slot(), count: slots.count * 2)
        for slot in slots where slot.state != .free { larger[Int(slot.packetID) & (larger.count - 1)] = slot }
        slots = larger
    }
}
