package import RembusWire

/// Takes publications for a connection in their stored form, where writing a Rembus frame first would be a waste.
package protocol DeliverySink: AnyObject {
    /// The call must not send on this or another link, nor use the session.
    func deliver(_ delivery: Delivery)

    /// Everything that was missed has been delivered, as far as it is still there.
    func caughtUp()
}

/// A publication on its way to one subscription.
package struct Delivery {
    /// The publication's frame, and its trailer behind it. Valid during the call only.
    package let bytes: UnsafeRawBufferPointer
    package let header: FrameHeader
    /// What acknowledges the delivery; nil when nothing has to.
    package let id: UInt64?
    /// At which it is sent: as it was published, or lower where the subscription wants no more.
    package let qos: QoS
    /// Stands for the subscription; the same in every run.
    package let key: UInt64
    /// What was given with the subscription.
    package let tag: Int
    /// When the broker received the publication, nanoseconds since the epoch.
    package let receivedAt: UInt64
    /// Whether it was sent before.
    package let isResent: Bool

    /// What travels behind the frame and is not for components.
    package var trailer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[header.end...]) }
}
