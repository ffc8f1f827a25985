extension Messaging {
    /// Calls a method and returns its result as a Swift value.
    ///
    /// ```swift
    /// let sum: Int = try await component.call("add", 1, 2)
    /// ```
    /// Without a type for the result it is a ``Value``: `let sum = try await component.call("add", 1, 2)`.
    ///
    /// - Parameters:
    ///   - topic: The name of the method.
    ///   - arguments: Zero or more values. Literals are converted automatically.
    ///   - timeout: How long to wait for the result; by default `request_timeout`.
    /// - Throws: ``RembusError``: with the ``RembusError/status`` of the answer if it has no result (42 when no
    ///   component exposes the method, 40 with a text when the method has thrown); `timeout`; `notConnected`;
    ///   `connectionDown` when the connection was lost meanwhile; `decoding` when the result is not a `Result`.
    ///   `CancellationError` when the task is cancelled.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Result {
        try await request(topic, arguments, timeout: timeout).decode()
    }

    /// Calls a method with literals that have variables in them, and returns its result as a Swift value; see
    /// ``ArgumentLiteral``.
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    /// Calls a method with a value followed by literals that have variables in them; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ first: some Encodable, _ second: ArgumentLiteral, _ others: ArgumentLiteral...,
        timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(encoding: encoding, first, then: [second] + others)
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    nonisolated(nonsending) func request(
        _ topic: String, _ arguments: [Value], target: String? = nil, timeout: Duration?
    ) async throws -> EncodedValue {
        try await request(topic, list: ArgumentList(arguments, encoding: encoding), target: target, timeout: timeout)
    }

    /// Calls a method and returns its result without decoding it. The result may be ignored: `try await
    /// component.call("restart")`.
    ///
    /// Throws as the `call` with a typed result does, except `decoding`.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Value {
        try await request(topic, arguments, timeout: timeout).value
    }

    /// Calls a method with literals that have variables in them, and returns its result without decoding it. The result
    /// may be ignored. See ``ArgumentLiteral``.
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }

    /// Calls a method with a value followed by literals that have variables in them, and returns its result without
    /// decoding it. The result may be ignored. See ``ArgumentLiteral``.
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ first: some Encodable, _ second: ArgumentLiteral, _ others: ArgumentLiteral...,
        timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(encoding: encoding, first, then: [second] + others)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }

    /// Calls a method with a list of values and returns its result without decoding it.
    ///
    /// `target` names the component that must execute the call; with nil the broker chooses one.
    nonisolated(nonsending) public func callValue(
        _ topic: String, arguments: [Value] = [], target: String? = nil, timeout: Duration? = nil
    ) async throws -> Value {
        try await request(topic, arguments, target: target, timeout: timeout).value
    }
}

// MARK: - Anything Encodable

extension EncodedMessaging {
    /// Calls a method with arguments of any `Encodable` types and returns its result as a Swift value.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<Result: Decodable, each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    /// Calls a method with arguments of any `Encodable` types and returns its result without decoding it. The result
    /// may be ignored.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func call<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }
}
