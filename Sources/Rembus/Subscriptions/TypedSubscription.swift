import Logging
import Synchronization

/// The messages of one topic or pattern with their payload decoded as `Payload`, in the order in which the broker
/// delivered them.
///
/// ```swift
/// for await reading in try await component.subscribe("**/telemetry", as: Reading.self) {
///     print(reading.topic, reading.temperature)
/// }
/// ```
/// A message whose payload has another type does not end the loop: it is handled as the ``UndecodablePolicy`` says, and
/// the loop gets the next one. Otherwise it is like a ``Subscription``.
public final class TypedSubscription<Payload: Decodable & Sendable>: AsyncSequence, Sendable {
    /// A message with its payload.
    public typealias Element = TypedPublication<Payload>
    /// Reading never fails.
    public typealias Failure = Never

    /// The subscription that the messages come from.
    public let subscription: Subscription

    private let policy: UndecodablePolicy
    private let logger: Logger
    private let undecodable = Mutex(0)

    init(_ subscription: Subscription, _ policy: UndecodablePolicy, logger: Logger) {
        self.subscription = subscription
        self.policy = policy
        self.logger = logger
    }

    /// The topic or pattern.
    public var topic: String { subscription.topic }

    /// The number of messages that were left out because their payload is not a `Payload`.
    public var undecodableCount: Int { undecodable.withLock { $0 } }

    /// The number of QoS 0 messages that were dropped because the reader was too slow.
    public var droppedCount: Int { subscription.droppedCount }

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator {
        Iterator(messages: subscription.makeAsyncIterator(), owner: self)
    }

    /// Reads the messages one by one.
    public struct Iterator: AsyncIteratorProtocol {
        var messages: Subscription.Iterator
        let owner: TypedSubscription

        /// The next message whose payload is a `Payload`; nil at the end, or when the task is cancelled.
        public mutating func next() async -> TypedPublication<Payload>? { await next(isolation: nil) }

        /// The next message whose payload is a `Payload`; nil at the end, or when the task is cancelled.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> TypedPublication<Payload>? {
            while let message = await messages.next(isolation: actor) {
                do throws(RembusError) {
                    return TypedPublication(message, try message.decode(Payload.self))
                } catch {
                    owner.failed(message, error)
                }
            }
            return nil
        }
    }

    private func failed(_ message: Publication, _ error: RembusError) {
        let count = undecodable.withLock { count in
            count += 1
            return count
        }
        if let handle = policy.handle { return handle(message, error) }
        // The 1st, 2nd, 4th, 8th and so on are logged, so that a publisher of such messages does not fill the log.
        guard count & (count - 1) == 0 else { return }
        logger.warning(
            "left out a message whose payload does not decode",
            metadata: ["topic": "\(message.topic)", "reason": "\(error.message)", "count": .stringConvertible(count)])
    }
}

/// A message with its decoded payload.
///
/// The members of the payload can be read directly from it: `message.temperature` is `message.payload.temperature`.
@dynamicMemberLookup
public struct TypedPublication<Payload: Sendable>: Sendable {
    /// The message with its arguments not decoded.
    public let publication: Publication
    /// The payload: the first argument.
    public let payload: Payload

    init(_ publication: Publication, _ payload: Payload) {
        self.publication = publication
        self.payload = payload
    }

    /// The topic that it was published to; for a subscription to a pattern too, this is the real topic.
    public var topic: String { publication.topic }

    /// The quality of service that it was delivered with.
    public var qos: QoS { publication.qos }

    /// A member of the payload.
    public subscript<Member>(dynamicMember path: KeyPath<Payload, Member>) -> Member { payload[keyPath: path] }
}

/// How a ``TypedSubscription`` handles a message whose payload cannot be decoded.
public struct UndecodablePolicy: Sendable {
    let handle: (@Sendable (Publication, RembusError) -> Void)?

    /// Leaves the message out, counts it, and logs the 1st, 2nd, 4th, 8th and so on. This is the default.
    public static let skip = UndecodablePolicy(handle: nil)

    /// Leaves the message out, counts it, and passes it with the reason to a closure. The reader waits for the closure.
    public static func report(_ handle: @escaping @Sendable (Publication, RembusError) -> Void) -> UndecodablePolicy {
        UndecodablePolicy(handle: handle)
    }
}
