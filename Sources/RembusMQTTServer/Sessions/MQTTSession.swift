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
