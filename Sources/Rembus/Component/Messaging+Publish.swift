extension Messaging {
    /// Publishes values.
    ///
    /// ```swift
    /// try await component.publish("plant/7/telemetry", ["temperature": 21.6, "pressure": 980], qos: .atLeastOnce)
    /// ```
    /// At QoS 0 this returns when the message is queued, and suspends only while too many bytes wait for the network.
    /// At QoS 1 and 2 it returns when the broker has acknowledged the message; until then the message is sent again,
    /// also on a new connection.
    ///
    /// - Parameters:
    ///   - topic: The topic: any text without wildcards.
    ///   - arguments: Zero or more values. Literals are converted automatically.
    ///   - qos: The quality of service; by default at most once.
    ///   - slot: A number that travels with the message, usually the start of a time interval in seconds since 1970
    ///     (docs/spec/protocol.md §4). JSON cannot carry it.
    /// - Throws: ``RembusError``: `notConnected` when there is no connection (QoS 0); `timeout` when there was no
    ///   acknowledgement (QoS 1 and 2); the status and the reason when the broker refuses the message (QoS 1 and 2; for
    ///   QoS 0 see ``Component/flush(timeout:)``); `invalidTopic` when the topic is empty or a pattern; `tooLarge`;
    ///   `unsupported` for a slot in JSON. `CancellationError` when the task is cancelled.
    @_disfavoredOverload
    nonisolated(nonsending) public func publish(
        _ topic: String, _ arguments: Value..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(topic, list: ArgumentList(arguments, encoding: encoding), qos: qos, slot: slot)
    }

    /// Publishes literals with variables in them: `["temperature": temperature, "note": nil]`; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func publish(
        _ topic: String, _ arguments: ArgumentLiteral..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(topic, list: ArgumentList(arguments, encoding: encoding), qos: qos, slot: slot)
    }

    /// Publishes a value followed by literals with variables in them; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func publish(
        _ topic: String, _ first: some Encodable, _ second: ArgumentLiteral, _ others: ArgumentLiteral...,
        qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        let list = try ArgumentList(encoding: encoding, first, then: [second] + others)
        try await publish(topic, list: list, qos: qos, slot: slot)
    }

    /// Publishes a list of values whose number is not fixed in the program.
    nonisolated(nonsending) public func publish(
        _ topic: String, arguments: [Value], qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(topic, list: ArgumentList(arguments, encoding: encoding), qos: qos, slot: slot)
    }
}

// MARK: - Anything Encodable

extension EncodedMessaging {
    /// Publishes arguments of any `Encodable` types: numbers, texts, arrays, structures.
    ///
    /// ```swift
    /// try await component.publish("plant/7/telemetry", Reading(temperature: 21.6, pressure: 980))
    /// ```
    /// See ``publish(_:_:qos:slot:)-(_,Value...,_,_)`` for parameters and errors. Also throws `encoding` for what
    /// cannot be encoded.
    @_disfavoredOverload
    nonisolated(nonsending) public func publish<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        try await publish(topic, list: list, qos: qos, slot: slot)
    }
}
