import NIOCore
import RembusBroker
import RembusMQTT

/// What of a client outlives its connection on the side of MQTT; subscriptions' marks and unacknowledged deliveries are
/// the broker's. Handed from connection to connection, one at a time.
struct MQTTSession: Sendable {
    /// What a client wants of one filter.
    struct Interest: Sendable, Equatable {
        var qos: MQTTQoS
        var noLocal: Bool
        var retainAsPublished: Bool
        var identifier: Int

        /// What the broker gives back with each delivery.
        var tag: Int { Int(qos.rawValue) | (retainAsPublished ? 4 : 0) | identifier << 3 }

        init(_ subscription: MQTTSubscription, identifier: Int) {
            qos = subscription.qos
            noLocal = subscription.noLocal
            retainAsPublished = subscription.retainAsPublished
            self.identifier = identifier
        }

        /// From how it was written down.
        init?(tag: Int, noLocal: Bool) {
            guard tag >= 0, let qos = MQTTQoS(rawValue: UInt8(tag & 3)) else { return nil }
            self.qos = qos
            self.noLocal = noLocal
            retainAsPublished = tag & 4 != 0
            identifier = tag >> 3
        }
    }

    /// What the session takes of the memory, about.
    var byteCount: Int { interests.keys.reduce(512) { $0 + 128 + $1.utf8.count } }

    var interests: [String: Interest] = [:]
    var window = PacketWindow()
    /// QoS 2 messages of the client that are not released, by packet identifier, with the broker's ids.
    var incoming: [UInt16: UInt64] = [:]
    /// Those of `incoming` that are not written down as received, oldest first, each with a time before its receive time.
    var unloggedIncoming = CircularBuffer<(packetID: UInt16, time: UInt64)>()
    /// Identifiers of QoS 2 of an earlier run whose messages are to be sent again.
    var unsent: [DeliveryPlace: UInt16] = [:]
    /// What the broker has not been told of the deliveries of an earlier run.
    var earlierDeliveries: [GatewaySession.EarlierDelivery] = []
    /// Seconds that the session outlives its connection; the largest number means for ever.
    var expiry: UInt32 = 0
}
