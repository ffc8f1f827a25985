/// The messages of one topic or pattern, in the order in which the broker delivered them.
///
/// ```swift
/// for await message in try await component.subscribe("plant/*/telemetry") {
///     print(message.topic, message.arguments)
/// }
/// ```
/// The sequence survives reconnects. It ends with `unsubscribe`, with a later `subscribe` to the same topic, and with the
/// end of the component. Leaving the loop does not unsubscribe: iterate again to go on reading. Each message goes to one
/// reader only.
///
/// A reader that is slower than the publishers does not cost memory without bound, see ``SubscriptionBuffer``.
public final class Subscription: AsyncSequence, Sendable {
    /// A message.
    public typealias Element = Publication
    /// Reading never fails.
    public typealias Failure = Never

    /// The topic or pattern.
    public let topic: String

    /// From where it wants stored messages; asked for again after each reconnect.
    public let start: ReplayStart

    let queue: SubscriptionQueue
    /// Messages of a pattern arrive with the real topic as first argument.
    let isPattern: Bool

    init(topic: String, start: ReplayStart, buffer: SubscriptionBuffer) {
        self.topic = topic
        self.start = start
        self.isPattern = topic.utf8.contains(UInt8(ascii: "*"))
        self.queue = SubscriptionQueue(buffer)
    }

    /// How many QoS 0 messages were dropped because the reader was too slow.
    public var droppedCount: Int { queue.droppedCount }

    /// How many messages wait for the reader.
    public var waitingCount: Int { queue.waiting.all }

    /// How many of the waiting messages are of QoS 0: the broker does not send them again when nobody reads them here.
    public var waitingAtMostOnceCount: Int { queue.waiting.atMostOnce }

    /// Throws away the waiting messages of QoS 0 and gives their number; those that are to be acknowledged stay.
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
