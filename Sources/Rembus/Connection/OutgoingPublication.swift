import NIOCore

/// A publication at QoS 1 or 2 that waits for its acknowledgement (behaviour.md §7).
struct OutgoingPublication: Sendable {
    var id: UInt64
    var topic: String
    var qos: QoS
    var frame: ByteBuffer
    /// How many times it may still be sent again.
    var retriesLeft: Int
    var deadline: NIODeadline
    /// Its place in the order of first sending, which is kept after a reconnect.
    var sequence: UInt64
    var continuation: CheckedContinuation<Void, any Error>
}
