/// The events of a broker, as they happen, from the call that made this value on; see ``Broker/events(limit:)``.
///
/// ```swift
/// for await event in server.events() {
///     if case .disconnected(let connection, let ending) = event.kind { print(connection.address, ending.cause) }
/// }
/// ```
/// The sequence keeps as many events as its `limit` says while its reader is busy. When more come, the oldest are
/// dropped, and ``BrokerEvent/Kind/missed(_:)`` stands in their place. It ends with the broker. It is meant for one
/// loop: with several, each event goes to one of them.
public struct BrokerEvents: AsyncSequence, Sendable {
    /// An event.
    public typealias Element = BrokerEvent
    /// Reading never fails.
    public typealias Failure = Never

    /// An event, with the number of events before it.
    struct Entry: Sendable {
        let number: UInt64
        let event: BrokerEvent
    }

    let entries: AsyncStream<Entry>
    /// The number of the first event.
    let first: UInt64

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator {
        Iterator(entries: entries.makeAsyncIterator(), expected: first)
    }

    /// Reads the events one by one.
    public struct Iterator: AsyncIteratorProtocol {
        var entries: AsyncStream<Entry>.Iterator
        /// The number of the next event if none is lost.
        var expected: UInt64
        /// The event that follows a report of lost ones.
        private var held: BrokerEvent?

        init(entries: AsyncStream<Entry>.Iterator, expected: UInt64) {
            (self.entries, self.expected) = (entries, expected)
        }

        /// The next event; nil when the broker has ended, or when the task is cancelled.
        public mutating func next() async -> BrokerEvent? { await next(isolation: nil) }

        /// The next event; nil when the broker has ended, or when the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> BrokerEvent? {
            if let event = held {
                held = nil
                return event
            }
            guard let entry = await entries.next(isolation: actor) else { return nil }
            let missed = entry.number - expected
            expected = entry.number + 1
            guard missed > 0 else { return entry.event }
            held = entry.event
            return BrokerEvent(time: entry.event.time, kind: .missed(Int(clamping: missed)))
        }
    }
}
