import RembusBroker

extension MQTTSession {
    /// Takes up the exchanges at QoS 2 that an earlier run of the broker has left.
    ///
    /// - Parameter publications: Those that the client has published shortly before the end, oldest first.
    /// - Returns: The ids of those that the client has ended, and what was not written down of the others.
    mutating func restore(
        _ state: PacketState, publications: [GatewayHost.EarlierPublication]
    ) -> (ended: [UInt64], changes: [PacketChange]) {
        for (packetID, packet) in state.outgoing {
            window.restore(packetID, isReleased: packet.isReleased)
            if !packet.isReleased { unsent[packet.place] = packetID }
            note(packet.place, isOwed: !packet.isReleased)
        }
        for place in state.finished { note(place, isOwed: false) }
        incoming = state.incoming
        // Before the first end there is nothing to go by.
        guard state.endedThrough > 0 else { return ([], []) }
        let open = Set(state.incoming.values)
        var ended: [UInt64] = []
        var changes: [PacketChange] = []
        for publication in publications where !open.contains(publication.id) {
            if publication.receivedAt <= state.endedThrough {
                ended.append(publication.id)
            } else if let packetID = MQTTConnection.packetID(ofExactlyOnce: publication.id) {
                incoming[packetID] = publication.id
                changes.append(.received(packetID, id: publication.id))
            }
        }
        return (ended, changes)
    }

    private mutating func note(_ place: DeliveryPlace, isOwed: Bool) {
        earlierDeliveries.append(
            GatewaySession.EarlierDelivery(key: place.key, receivedAt: place.receivedAt, isOwed: isOwed))
    }
}
