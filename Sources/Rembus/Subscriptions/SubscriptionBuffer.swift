/// How many messages a subscription keeps for a slow reader, and what happens when the buffer is full.
///
/// The dropping policies apply to QoS 0. Messages at QoS 1 and 2 are never dropped: one that does not fit waits in the
/// queue and is not acknowledged until there is room. The broker sends only a limited number of messages without an
/// acknowledgement, so it slows down to the pace of the reader.
public struct SubscriptionBuffer: Sendable, Hashable {
    enum Overflow: Sendable, Hashable {
        case dropOldest
        case dropNewest
        case pauseReading
    }

    let overflow: Overflow

    /// The most messages that wait; at least 1.
    public let limit: Int

    /// The most bytes of arguments that wait, as an estimate. A single message may be larger. Default 64 MiB.
    public var maxBytes = 64 << 20

    /// Whether messages at QoS 1 and 2 are acknowledged when the reader takes them, instead of when they are in the
    /// buffer. The broker then delivers again what a named component has not read when it ends. Default false.
    public var acknowledgesWhenRead = false

    /// A full buffer drops its oldest QoS 0 message, so the reader gets the newest messages.
    public static func dropOldest(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .dropOldest, limit: limit) }

    /// A full buffer refuses QoS 0 messages, so the reader gets the first messages without a gap.
    public static func dropNewest(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .dropNewest, limit: limit) }

    /// With a full buffer the component stops reading from its connection until half of the buffer is free. Nothing is
    /// dropped here; the broker keeps what it could not send, if it records it.
    ///
    /// Everything else on the connection waits too: other subscriptions, answers to calls, requests. So the loop that
    /// reads must not call a method, except through another component: the answer may be behind messages for which
    /// there is no room. Messages of one read of the socket are accepted beyond the limit.
    public static func pausing(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .pauseReading, limit: limit) }

    /// 1024 messages, with the oldest dropped.
    public static let standard = SubscriptionBuffer.dropOldest(1024)

    private init(overflow: Overflow, limit: Int) {
        self.overflow = overflow
        self.limit = max(limit, 1)
    }
}
