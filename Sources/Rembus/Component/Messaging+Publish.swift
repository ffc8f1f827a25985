extension Messaging {
    /// Publishes values.
    ///
    /// ```swift
    /// try await component.publish("plant/7/telemetry", ["temperature": 21.6, "pressure": 980], qos: .atLeastOnce)
    /// ```
    /// With QoS 0 this returns when the message is on its way, and suspends only while too much waits for the network. With
    /// QoS 1 and 2 it returns when the broker has acknowledged; until then the message is sent again, also on a new
    /// connection.
    ///
    /// - Parameters:
    ///   - topic: The topic, any text without wildcards.
    ///   - arguments: The payload, zero or more values; literals become values by themselves.
    ///   - qos: How hard the message is delivered, default at most once.
    ///   - slot: A number that travels with the message, usually the start of a time bucket in seconds since 1970
    ///     (docs/spec/protocol.md §4). It has no form in JSON.
    /// - Throws: ``RembusError``: `notConnected` when there is no connection (QoS 0), `timeout` when nobody acknowledged
    ///   (QoS 1 and 2), the status and the reason when the broker
    ///   refuses it (QoS 1 and 2; for QoS 0 see ``Component/flush(timeout:)``), `invalidTopic` for no topic or a pattern,
    ///   `tooLarge`, `unsupported` for a slot in JSON. `CancellationError` when the task is cancelled.
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

    /// Publishes a value, and behind it literals with variables in them; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func publish(
        _ topic: String, _ first: some Encodable, _ second: ArgumentLiteral, _ others: ArgumentLiteral...,
        qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        let list = try ArgumentList(encoding: encoding, first, then: [second] + others)
        try await publish(topic, list: list, qos: qos, slot: slot)
    }

    /// Publishes a list of values whose number is not known when the program is written.
    nonisolated(nonsending) public func publish(
        _ topic: String, arguments: [Value], qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(topic, list: ArgumentList(arguments, encoding: encoding), qos: qos, slot: slot)
    }
}

// MARK: - Anything Encodable

extension EncodedMessaging {
    /// Publishes anything that is `Encodable`: numbers, texts, arrays, structures.
    ///
    /// ```swift
    /// try await component.publish("plant/7/telemetry", Reading(temperature: 21.6, pressure: 980))
    /// ```
    /// See ``publish(_:_:qos:slot:)-(_,Value...,_,_)`` for parameters and errors; in addition throws `encoding` for what
    /// cannot be encoded.
    @_disfavoredOverload
    nonisolated(nonsending) public func publish<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        try await publish(topic, list: list, qos: qos, slot: slot)
    }
}
