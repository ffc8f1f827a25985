import NIOCore

/// A QoS 1 or 2 publication that waits for its acknowledgement (behaviour.md §7).
struct OutgoingPublication: Sendable {
    var id: UInt64
    var topic: String
    var qos: QoS
    var frame: ByteBuffer
    /// How often it may still be sent again.
    var retriesLeft: Int
    var deadline: NIODeadline
    /// The order of first sending, which resumption after a reconnect keeps.
    var sequence: UInt64
    var continuation: CheckedContinuation<Void, any Error>
}
