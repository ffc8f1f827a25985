/// How many messages a subscription keeps for a reader that is slower than its publishers, and what goes when it is full.
///
/// The policies that drop speak about QoS 0. QoS 1 and 2 messages are never dropped: what does not fit waits in its place
/// and is not acknowledged until there is room, so the broker, which sends only so many without an acknowledgement, goes at
/// the reader's pace.
public struct SubscriptionBuffer: Sendable, Hashable {
    enum Overflow: Sendable, Hashable {
        case dropOldest
        case dropNewest
        case pauseReading
    }

    let overflow: Overflow

    /// The most messages that wait, at least 1.
    public let limit: Int

    /// The most bytes of arguments that wait, roughly; a single message may be larger. Default 64 MiB.
    public var maxBytes = 64 << 20

    /// Whether QoS 1 and 2 messages are acknowledged when the reader takes them, and not already when they are in the
    /// buffer. What a named component has not read when it ends, the broker then delivers again. Default false.
    public var acknowledgesWhenRead = false

    /// A full buffer loses its oldest QoS 0 message: the reader sees the newest state.
    public static func dropOldest(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .dropOldest, limit: limit) }

    /// A full buffer refuses QoS 0 messages: the reader sees an unbroken beginning.
    public static func dropNewest(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .dropNewest, limit: limit) }

    /// A full buffer drops nothing: the component stops reading from its connection until half of the buffer is free, and
    /// the broker keeps what it could not send, as far as it records.
    ///
    /// Everything else that comes over the connection waits too: other subscriptions, answers to calls, requests. So do
    /// not call a method from the loop that reads, or do it through another component: the answer may be behind messages
    /// for which there is no room. What one read of the socket has brought is taken beyond the limit.
    public static func pausing(_ limit: Int) -> SubscriptionBuffer { .init(overflow: .pauseReading, limit: limit) }

    /// 1024 messages, dropping the oldest.
    public static let standard = SubscriptionBuffer.dropOldest(1024)

    private init(overflow: Overflow, limit: Int) {
        self.overflow = overflow
        self.limit = max(limit, 1)
    }
}
