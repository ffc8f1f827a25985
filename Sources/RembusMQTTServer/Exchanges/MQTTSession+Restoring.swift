import RembusBroker

extension MQTTSession {
    /// Restores the exchanges at QoS 2 of an earlier run of the broker.
    ///
    /// - Parameter publications: The client's publications shortly before the end of that run, oldest first.
    /// - Returns: The ids of publications whose exchange the client has ended, and the steps of the others that are
    ///   missing in the log.
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
        // Before the client has ended an exchange, it is not known which ones it has ended.
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
