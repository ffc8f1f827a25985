extension Messaging {
    /// Calls a method and gives its result as a Swift value.
    ///
    /// ```swift
    /// let sum: Int = try await component.call("add", 1, 2)
    /// ```
    /// Without a type for the result it is a ``Value``: `let sum = try await component.call("add", 1, 2)`.
    ///
    /// - Parameters:
    ///   - topic: The name of the method.
    ///   - arguments: Zero or more values; literals become values by themselves.
    ///   - timeout: How long to wait, default `request_timeout`.
    /// - Throws: ``RembusError``: with the ``RembusError/status`` that came instead of a result (42 when no component offers
    ///   the method, 40 with its text when the method threw), `timeout`, `notConnected`, `connectionDown` when the connection
    ///   was lost meanwhile, `decoding` when the result is no `Result`. `CancellationError` when the task is cancelled.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Result {
        try await request(topic, arguments, timeout: timeout).decode()
    }

    /// Calls a method with literals that have variables in them, and gives its result as a Swift value; see
    /// ``ArgumentLiteral``.
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    /// Calls a method with a value, and behind it literals that have variables in them; see ``ArgumentLiteral``.
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

    /// Calls a method and gives its result as it came, which may be dropped: `try await component.call("restart")`.
    ///
    /// Throws like the `call` whose result has a type.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Value {
        try await request(topic, arguments, timeout: timeout).value
    }

    /// Calls a method with literals that have variables in them, and gives its result as it came, which may be dropped;
    /// see ``ArgumentLiteral``.
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }

    /// Calls a method with a value, and behind it literals that have variables in them; gives its result as it came, which
    /// may be dropped; see ``ArgumentLiteral``.
    @discardableResult
    nonisolated(nonsending) public func call(
        _ topic: String, _ first: some Encodable, _ second: ArgumentLiteral, _ others: ArgumentLiteral...,
        timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(encoding: encoding, first, then: [second] + others)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }

    /// Calls a method with a list of values and gives its result as it came.
    ///
    /// `target` names the component that must execute the call; nil leaves the choice to the broker.
    nonisolated(nonsending) public func callValue(
        _ topic: String, arguments: [Value] = [], target: String? = nil, timeout: Duration? = nil
    ) async throws -> Value {
        try await request(topic, arguments, target: target, timeout: timeout).value
    }
}

// MARK: - Anything Encodable

extension EncodedMessaging {
    /// Calls a method with anything that is `Encodable` and gives its result as a Swift value.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<Result: Decodable, each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    /// Calls a method with anything that is `Encodable` and gives its result as it came, which may be dropped.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func call<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: nil, timeout: timeout).value
    }
}
