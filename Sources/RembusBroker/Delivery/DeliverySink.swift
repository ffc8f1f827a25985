package import RembusWire

/// Takes deliveries for a connection in their stored form, for gateways that write no Rembus frames.
package protocol DeliverySink: AnyObject {
    /// Takes one delivery. Must not send on this or another link, nor use the session.
    func deliver(_ delivery: Delivery)

    /// All missed publications that the store still has were delivered.
    func caughtUp()
}

/// A publication on its way to one subscription.
package struct Delivery {
    /// The publication's frame with its trailer behind it. Valid during the call only.
    package let bytes: UnsafeRawBufferPointer
    package let header: FrameHeader
    /// The id that acknowledges the delivery; nil when no acknowledgement is expected.
    package let id: UInt64?
    /// The QoS of the delivery: that of the publication, or a lower one if the subscription asks for it.
    package let qos: QoS
    /// Identifies the subscription; the same in every run of the broker.
    package let key: UInt64
    /// The tag that was given with the subscription.
    package let tag: Int
    /// When the broker received the publication, in nanoseconds since the epoch.
    package let receivedAt: UInt64
    /// Whether the delivery was sent before.
    package let isResent: Bool
    /// Whether another broker is to give it only to those who want the past.
    let isPast: Bool

    /// The bytes behind the frame, which components do not get.
    package var trailer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[header.end...]) }
}
