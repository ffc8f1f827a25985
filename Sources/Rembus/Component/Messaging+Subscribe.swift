import Logging

extension Messaging {
    /// Subscribes to a topic or pattern and returns its messages as a sequence.
    ///
    /// ```swift
    /// for await message in try await component.subscribe("**/telemetry", from: .lastReceived) {
    ///     print(message.topic, message.arguments)
    /// }
    /// ```
    /// With `as:` the payload is decoded as a Swift type. A component does not receive its own publications.
    ///
    /// In a pattern `*` stands for one segment between slashes, and `**` for any number of segments. A component has
    /// one subscription per topic: subscribing again ends the earlier sequence. Subscribing also starts delivery,
    /// unless ``ComponentConfiguration/isReactive`` is false. After a reconnect the component subscribes again with the
    /// same `start`.
    ///
    /// - Parameters:
    ///   - topic: The topic or pattern.
    ///   - start: Which stored messages are wanted. Only named components get stored messages.
    ///   - buffer: How many messages wait for a slow reader, and what happens to further ones. By default the oldest
    ///     QoS 0 messages are dropped. With ``SubscriptionBuffer/pausing(_:)`` no message of a replay is lost. QoS 1
    ///     and 2 messages that do not fit are not acknowledged, so the broker delivers them again.
    /// - Throws: ``RembusError`` when the broker refuses. Without a connection the component subscribes when there is
    ///   one again.
    public func subscribe(
        _ topic: String, from start: ReplayStart = .now, buffer: SubscriptionBuffer = .standard
    ) async throws -> Subscription {
        let subscription = Subscription(topic: topic, start: start, buffer: buffer)
        try await attach(subscription)
        return subscription
    }

    /// Subscribes to a topic or pattern and returns its messages, with their payload decoded as a Swift type.
    ///
    /// ```swift
    /// for await reading in try await component.subscribe("**/telemetry", as: Reading.self, from: .lastReceived) {
    ///     print(reading.topic, reading.temperature)
    /// }
    /// ```
    /// The payload is the first argument of a message. A message whose payload has another type does not end the loop;
    /// it is handled as `undecodable` says. See ``subscribe(_:from:buffer:)`` for the other parameters and errors.
    public func subscribe<Payload: Decodable & Sendable>(
        _ topic: String, as type: Payload.Type, from start: ReplayStart = .now, buffer: SubscriptionBuffer = .standard,
        undecodable: UndecodablePolicy = .skip
    ) async throws -> TypedSubscription<Payload> {
        TypedSubscription(
            try await subscribe(topic, from: start, buffer: buffer), undecodable, logger: callbackLogger)
    }

    /// Subscribes and calls a closure for each message, one after the other, in the order of delivery.
    ///
    /// An error that the closure throws is logged and does not end the subscription. See ``subscribe(_:from:buffer:)``
    /// for the other parameters and errors.
    public func subscribe(
        _ topic: String, from start: ReplayStart = .now, buffer: SubscriptionBuffer = .standard,
        _ receive: @escaping @Sendable (Publication) async throws -> Void
    ) async throws {
        let subscription = try await subscribe(topic, from: start, buffer: buffer)
        let logger = callbackLogger
        Task {
            for await message in subscription {
                do {
                    try await receive(message)
                } catch {
                    logger.error(
                        "a subscriber failed", metadata: ["topic": "\(message.topic)", "error": "\(describe(error))"])
                }
            }
        }
    }

    /// Subscribes and calls a closure for each message, with its arguments decoded by their types.
    ///
    /// ```swift
    /// try await component.subscribe("plant/7/telemetry") { (reading: Reading) in … }
    /// try await component.subscribe("plant/*/telemetry") { (topic: String, reading: Reading) in … }
    /// ```
    /// For a pattern the real topic is the first argument. Messages whose arguments do not match are logged and
    /// skipped.
    @_disfavoredOverload
    public func subscribe<each Argument: Decodable & Sendable>(
        _ topic: String, from start: ReplayStart = .now, buffer: SubscriptionBuffer = .standard,
        _ receive: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) async throws {
        let isPattern = topic.contains("*")
        try await subscribe(topic, from: start, buffer: buffer) { (message: Publication) in
            let list = isPattern ? message.list.prepending(message.topic) : message.list
            let arguments = try list.decode(repeat (each Argument).self)
            try await receive(repeat each arguments)
        }
    }
}
