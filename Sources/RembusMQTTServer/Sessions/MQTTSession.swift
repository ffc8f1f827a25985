import NIOCore
import RembusBroker
import RembusMQTT

/// The gateway's part of a client's session, which outlives connections. The marks of subscriptions and unacknowledged
/// deliveries are the broker's part. It is passed from connection to connection, which use it one at a time.
struct MQTTSession: Sendable {
    /// The options of a client's subscription to one filter.
    struct Interest: Sendable, Equatable {
        var qos: MQTTQoS
        var noLocal: Bool
        var retainAsPublished: Bool
        var identifier: Int

        /// The tag that the broker passes back with each delivery.
        var tag: Int { Int(qos.rawValue) | (retainAsPublished ? 4 : 0) | identifier << 3 }

        init(_ subscription: MQTTSubscription, identifier: Int) {
            qos = subscription.qos
            noLocal = subscription.noLocal
            retainAsPublished = subscription.retainAsPublished
            self.identifier = identifier
        }

        /// Reads the saved form.
        init?(tag: Int, noLocal: Bool) {
            guard tag >= 0, let qos = MQTTQoS(rawValue: UInt8(tag & 3)) else { return nil }
            self.qos = qos
            self.noLocal = noLocal
            retainAsPublished = tag & 4 != 0
            identifier = tag >> 3
        }
    }

    /// An estimate of the memory that the session takes, in bytes.
    var byteCount: Int { interests.keys.reduce(512) { $0 + 128 + $1.utf8.count } }

    var interests: [String: Interest] = [:]
    var window = PacketWindow()
    /// Messages of the client at QoS 2 that it has not released: the broker's ids, by packet identifier.
    var incoming: [UInt16: UInt64] = [:]
    /// Messages in `incoming` that have no `received` step in the log, oldest first, each with a time before its
    /// receive time.
    var unloggedIncoming = CircularBuffer<(packetID: UInt16, time: UInt64)>()
    /// Identifiers at QoS 2 of an earlier run whose messages have to be sent again.
    var unsent: [DeliveryPlace: UInt16] = [:]
    /// Deliveries of an earlier run that the broker was not told yet.
    var earlierDeliveries: [GatewaySession.EarlierDelivery] = []
    /// How long the session outlives its connection, in seconds; the largest number means for ever.
    var expiry: UInt32 = 0
}

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
