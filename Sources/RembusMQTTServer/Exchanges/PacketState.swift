import RembusStore

/// The exchanges at QoS 2 of one session: the result of all logged steps.
struct PacketState: Sendable, Equatable {
    struct Outgoing: Sendable, Equatable {
        var place: DeliveryPlace
        var isReleased = false
    }

    /// Publications on their way to the client, by packet identifier.
    var outgoing: [UInt16: Outgoing] = [:]
    /// Deliveries that the client has got, until the marks of its subscriptions cover them.
    var finished: Set<DeliveryPlace> = []
    /// The ids of the client's publications whose exchange it has not ended, by packet identifier.
    var incoming: [UInt16: UInt64] = [:]
    /// Publications of the client that were received until this time and are not in `incoming` are ended.
    var endedThrough: UInt64 = 0

    var isEmpty: Bool { self == PacketState() }

    mutating func apply(_ change: PacketChange) {
        switch change {
        case .opened(let packetID, let place):
            if let old = outgoing.updateValue(Outgoing(place: place), forKey: packetID) { finished.insert(old.place) }
            finished.remove(place)
        case .released(let packetID): outgoing[packetID]?.isReleased = true
        case .completed(let packetID):
            if let old = outgoing.removeValue(forKey: packetID) { finished.insert(old.place) }
        case .received(let packetID, let id): incoming[packetID] = id
        case .ended(let packetID, let time):
            incoming[packetID] = nil
            endedThrough = max(endedThrough, time)
        }
    }

    /// Changes that produce this state from an empty one.
    var changes: [PacketChange] {
        var changes: [PacketChange] = []
        // Identifier 0 is opened and completed for each of them.
        for place in finished { changes += [.opened(0, place), .completed(0)] }
        for (packetID, packet) in outgoing {
            changes.append(.opened(packetID, packet.place))
            if packet.isReleased { changes.append(.released(packetID)) }
        }
        if endedThrough > 0 { changes.append(.ended(0, through: endedThrough)) }
        for (packetID, id) in incoming { changes.append(.received(packetID, id: id)) }
        return changes
    }

    /// Forgets deliveries that are also in a record of the component, which is on the disk.
    mutating func forgetFinished(coveredBy record: ComponentRecord, key: (String) -> UInt64) {
        guard !finished.isEmpty else { return }
        var subscriptions: [UInt64: ComponentRecord.Subscription] = [:]
        for subscription in record.subscriptions { subscriptions[key(subscription.topic)] = subscription }
        finished = finished.filter { place in
            guard let subscription = subscriptions[place.key], !subscription.marks.isEmpty else { return false }
            let partition = RecordHeader.partition(of: place.receivedAt, count: subscription.marks.count)
            return place.receivedAt > subscription.marks[partition] || subscription.owes(place.receivedAt)
        }
    }
}

extension ComponentRecord.Subscription {
    /// Whether a publication is among those that were sent and not acknowledged.
    fileprivate func owes(_ receivedAt: UInt64) -> Bool {
        var (low, high) = (0, owed.count)
        while low < high {
            let middle = (low + high) / 2
            if owed[middle] < receivedAt { low = middle + 1 } else { high = middle }
        }
        return low < owed.count && owed[low] == receivedAt
    }
}
