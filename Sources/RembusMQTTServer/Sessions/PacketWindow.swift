import RembusMQTT

/// The packet identifiers of messages that are on their way to a client.
///
/// The index of an identifier is its remainder by the size of the table, so finding one is an array access. Identifiers
/// are used in turn, from a random start, so that those of an earlier run of the broker are not reused soon.
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
        /// The broker's id of the delivery; 0 for one of an earlier run that was not sent again yet.
        var delivery: UInt64 = 0
    }

    private var slots: [Slot] = []
    private var last = UInt16.random(in: .min ... .max)
    private(set) var count = 0
    /// The number of identifiers whose message the client has. The broker does not count them as unacknowledged any
    /// more.
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

    /// Takes an identifier of an earlier run. If its message was released, there is nothing to send again.
    mutating func restore(_ packetID: UInt16, isReleased: Bool) {
        if slots.isEmpty { slots = Array(repeating: Slot(), count: 16) }
        // In a table that is large enough, any two identifiers have different indices.
        while slots[Int(packetID) & (slots.count - 1)].state != .free, slots.count < Self.maxSlots { grow() }
        guard count < Self.maxCount, slots[Int(packetID) & (slots.count - 1)].state == .free else { return }
        slots[Int(packetID) & (slots.count - 1)] = Slot(
            packetID: packetID, state: isReleased ? .released : .published)
        count += 1
        if isReleased { releasedCount += 1 }
    }

    /// Sets the delivery of an identifier of an earlier run.
    mutating func attach(_ packetID: UInt16, to delivery: UInt64) {
        guard let place = place(packetID) else { return }
        slots[place].delivery = delivery
    }

    /// Frees an identifier in a state and returns its delivery; nil when it is not in that state.
    mutating func close(_ packetID: UInt16, _ state: State) -> UInt64? {
        guard let place = place(packetID), slots[place].state == state else { return nil }
        if state == .released { releasedCount -= 1 }
        slots[place].state = .free
        count -= 1
        return slots[place].delivery
    }

    /// Records that the client has a message at QoS 2. Returns its delivery; nil when there is no such message.
    mutating func release(_ packetID: UInt16) -> UInt64? {
        guard let place = place(packetID), slots[place].state == .published else { return nil }
        slots[place].state = .released
        releasedCount += 1
        return slots[place].delivery
    }

    func state(_ packetID: UInt16) -> State { place(packetID).map { slots[$0].state } ?? .free }

    /// The open identifiers, which continue on another connection.
    var open: [Slot] { slots.filter { $0.state != .free } }

    /// Drops identifiers that were published and not released, unless `isStillOwed` returns true. Those of QoS 2 stay
    /// in use, because the client may have got the message and keep the identifier.
    ///
    /// - Returns: The identifiers that stay in use. Their messages have to be sent again, or released.
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
