extension Messaging {
    /// Calls a method and gives its result as a Swift value.
    ///
    /// ```swift
    /// let sum: Int = try await component.call("add", 1, 2)
    /// ```
    /// - Parameters:
    ///   - topic: The name of the method.
    ///   - arguments: Zero or more values; literals become values by themselves.
    ///   - timeout: How long to wait, default `request_timeout`.
    /// - Throws: ``RembusError``: with the ``RembusError/status`` that came instead of a result (42 when nobody exposes the
    ///   method, 40 with its text when the method threw), `timeout`, `notConnected`, `connectionDown` when the connection
    ///   was lost meanwhile, `decoding` when the result is no `Result`. `CancellationError` when the task is cancelled.
    nonisolated(nonsending) public func call<Result: Decodable>(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Result {
        try await callEncoded(topic, arguments, timeout: timeout).decode()
    }

    /// Calls a method with anything that is `Encodable` and gives its result as a Swift value.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<Result: Decodable, each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Result {
        var list = ArgumentList(encoding)
        for argument in repeat each arguments { try list.append(encoding: argument) }
        return try await request(topic, list: list, target: nil, timeout: timeout).decode()
    }

    /// Calls a method and drops its result.
    nonisolated(nonsending) public func call(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws {
        _ = try await callEncoded(topic, arguments, timeout: timeout)
    }

    /// Calls a method with anything that is `Encodable` and drops its result.
    @_disfavoredOverload
    nonisolated(nonsending) public func call<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws {
        var list = ArgumentList(encoding)
        for argument in repeat each arguments { try list.append(encoding: argument) }
        _ = try await request(topic, list: list, target: nil, timeout: timeout)
    }

    /// Calls a method with a list of values and gives its result as it came.
    ///
    /// `target` names the component that must execute the call; nil leaves the choice to the broker.
    nonisolated(nonsending) public func callValue(
        _ topic: String, arguments: [Value] = [], target: String? = nil, timeout: Duration? = nil
    ) async throws -> Value {
        try await callEncoded(topic, arguments, target: target, timeout: timeout).value
    }

    /// Calls a method of one certain component.
    ///
    /// Throws like `call`; the status is 45 when the broker does not know the target and 46 when it is away. `unsupported`
    /// in JSON, which has no place for a target.
    nonisolated(nonsending) public func direct<Result: Decodable>(
        target: String, _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Result {
        try await callEncoded(topic, arguments, target: target, timeout: timeout).decode()
    }

    /// Calls a method of one certain component with anything that is `Encodable`.
    @_disfavoredOverload
    nonisolated(nonsending) public func direct<Result: Decodable, each Argument: Encodable>(
        target: String, _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Result {
        var list = ArgumentList(encoding)
        for argument in repeat each arguments { try list.append(encoding: argument) }
        return try await request(topic, list: list, target: target, timeout: timeout).decode()
    }

    nonisolated(nonsending) private func callEncoded(
        _ topic: String, _ arguments: [Value], target: String? = nil, timeout: Duration?
    ) async throws -> EncodedValue {
        try await request(
            topic, list: ArgumentList(arguments, encoding: encoding), target: target, timeout: timeout)
    }
}
