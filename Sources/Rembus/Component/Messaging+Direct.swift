extension Messaging {
    /// Calls a method of a particular component.
    ///
    /// Throws like `call`. The status is 45 when the broker does not know the target, and 46 when it is not connected.
    /// `unsupported` with JSON, which cannot carry a target.
    @_disfavoredOverload
    nonisolated(nonsending) public func direct<Result: Decodable>(
        target: String, _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Result {
        try await request(topic, arguments, target: target, timeout: timeout).decode()
    }

    /// Calls a method of a particular component with literals that have variables in them; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func direct<Result: Decodable>(
        target: String, _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: target, timeout: timeout).decode()
    }

    /// Calls a method of a particular component and returns its result without decoding it. The result may be ignored.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func direct(
        target: String, _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) async throws -> Value {
        try await request(topic, arguments, target: target, timeout: timeout).value
    }

    /// Calls a method of a particular component with literals that have variables in them, and returns its result
    /// without decoding it. The result may be ignored. See ``ArgumentLiteral``.
    @discardableResult
    nonisolated(nonsending) public func direct(
        target: String, _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(arguments, encoding: encoding)
        return try await request(topic, list: list, target: target, timeout: timeout).value
    }
}

// MARK: - Anything Encodable

extension EncodedMessaging {
    /// Calls a method of a particular component with arguments of any `Encodable` types.
    @_disfavoredOverload
    nonisolated(nonsending) public func direct<Result: Decodable, each Argument: Encodable>(
        target: String, _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Result {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: target, timeout: timeout).decode()
    }

    /// Calls a method of a particular component with arguments of any `Encodable` types, and returns its result without
    /// decoding it. The result may be ignored.
    @_disfavoredOverload
    @discardableResult
    nonisolated(nonsending) public func direct<each Argument: Encodable>(
        target: String, _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) async throws -> Value {
        let list = try ArgumentList(encoding: encoding, repeat each arguments)
        return try await request(topic, list: list, target: target, timeout: timeout).value
    }
}
