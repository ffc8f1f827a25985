/// The messages of one topic or pattern, in the order in which the broker delivered them.
///
/// ```swift
/// for await message in try await component.subscribe("plant/*/telemetry") {
///     print(message.topic, message.arguments)
/// }
/// ```
/// The sequence survives reconnects. It ends with `unsubscribe`, with a later `subscribe` to the same topic, and with
/// the end of the component. Leaving the loop does not unsubscribe: a further loop continues to read. Each message goes
/// to one reader only.
///
/// The memory for a reader that is slower than the publishers is limited, see ``SubscriptionBuffer``.
public final class Subscription: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = Publication
    /// Reading never fails.
    public typealias Failure = Never

    /// The topic or pattern.
    public let topic: String

    /// Which stored messages it starts with; applied again after each reconnect.
    public let start: ReplayStart

    let queue: SubscriptionQueue
    /// Whether it is a pattern, whose messages have the real topic as their first argument.
    let isPattern: Bool

    init(topic: String, start: ReplayStart, buffer: SubscriptionBuffer) {
        self.topic = topic
        self.start = start
        self.isPattern = topic.utf8.contains(UInt8(ascii: "*"))
        self.queue = SubscriptionQueue(buffer)
    }

    /// The number of QoS 0 messages that were dropped because the reader was too slow.
    public var droppedCount: Int { queue.droppedCount }

    /// The number of messages that wait for the reader.
    public var waitingCount: Int { queue.waiting.all }

    /// The number of waiting messages at QoS 0. The broker does not send these again if nobody reads them.
    public var waitingAtMostOnceCount: Int { queue.waiting.atMostOnce }

    /// Drops the waiting messages at QoS 0 and returns their number. Messages that have to be acknowledged stay.
    package func discardAtMostOnce() -> Int { queue.discardAtMostOnce() }

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator { Iterator(queue: queue) }

    /// Reads the messages one by one.
    public struct Iterator: AsyncIteratorProtocol {
        let queue: SubscriptionQueue

        /// The next message; nil at the end, or when the task is cancelled.
        public mutating func next() async -> Publication? { await queue.next(isolation: nil) }

        /// The next message; nil at the end, or when the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> Publication? {
            await queue.next(isolation: actor)
        }
    }
}
