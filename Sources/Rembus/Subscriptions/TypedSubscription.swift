import Logging
import Synchronization

/// The messages of one topic or pattern whose payload is a `Payload`, in the order in which the broker delivered them.
///
/// ```swift
/// for await reading in try await component.subscribe("**/telemetry", as: Reading.self) {
///     print(reading.topic, reading.temperature)
/// }
/// ```
/// A message with another payload does not end the loop: it is handled as the ``UndecodablePolicy`` says, and the next one
/// comes. For the rest it is a ``Subscription``.
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

    /// How many messages were left out because their payload is no `Payload`.
    public var undecodableCount: Int { undecodable.withLock { $0 } }

    /// How many QoS 0 messages were dropped because the reader was too slow.
    public var droppedCount: Int { subscription.droppedCount }

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator {
        Iterator(messages: subscription.makeAsyncIterator(), owner: self)
    }

    /// Reads the messages one by one.
    public struct Iterator: AsyncIteratorProtocol {
        var messages: Subscription.Iterator
        let owner: TypedSubscription

        /// The next message with a `Payload`; nil at the end, or when the task is cancelled.
        public mutating func next() async -> TypedPublication<Payload>? { await next(isolation: nil) }

        /// The next message with a `Payload`; nil at the end, or when the task is cancelled.
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
        // The 1st, 2nd, 4th, 8th, …: a publisher that sends nothing else does not fill the log.
        guard count & (count - 1) == 0 else { return }
        logger.warning(
            "left out a message whose payload does not decode",
            metadata: ["topic": "\(message.topic)", "reason": "\(error.message)", "count": .stringConvertible(count)])
    }
}

/// A message whose payload was decoded.
///
/// The members of the payload can be read from it directly: `message.temperature` is `message.payload.temperature`.
@dynamicMemberLookup
public struct TypedPublication<Payload: Sendable>: Sendable {
    /// The message as it came.
    public let publication: Publication
    /// Its first argument.
    public let payload: Payload

    init(_ publication: Publication, _ payload: Payload) {
        self.publication = publication
        self.payload = payload
    }

    /// The topic that it was published on; the real one, also when the subscription is a pattern.
    public var topic: String { publication.topic }

    /// How hard it was delivered.
    public var qos: QoS { publication.qos }

    /// A member of the payload.
    public subscript<Member>(dynamicMember path: KeyPath<Payload, Member>) -> Member { payload[keyPath: path] }
}

/// What a ``TypedSubscription`` does with a message whose payload does not decode.
public struct UndecodablePolicy: Sendable {
    let handle: (@Sendable (Publication, RembusError) -> Void)?

    /// Leaves the message out, counts it, and logs the 1st, 2nd, 4th, 8th and so on. The default.
    public static let skip = UndecodablePolicy(handle: nil)

    /// Leaves the message out, counts it, and gives it with the reason to a closure, which the reader waits for.
    public static func report(_ handle: @escaping @Sendable (Publication, RembusError) -> Void) -> UndecodablePolicy {
        UndecodablePolicy(handle: handle)
    }
}
