extension Node {
    /// Publishes values, see ``Messaging/publish(_:_:qos:slot:)-(_,Value...,_,_)``.
    @_disfavoredOverload
    public func publish(
        _ topic: String, _ arguments: Value..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) throws {
        try send(topic, ArgumentList(arguments, encoding: component.encoding), qos, slot)
    }

    /// Publishes anything that is `Encodable`.
    @_disfavoredOverload
    public func publish<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) throws {
        try send(topic, ArgumentList(encoding: component.encoding, repeat each arguments), qos, slot)
    }

    /// Publishes literals with variables in them, see ``ArgumentLiteral``.
    public func publish(
        _ topic: String, _ arguments: ArgumentLiteral..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) throws {
        try send(topic, ArgumentList(arguments, encoding: component.encoding), qos, slot)
    }

    private func send(_ topic: String, _ list: ArgumentList, _ qos: QoS, _ slot: UInt32?) throws {
        try blocking { [component] in try await component.publish(topic, list: list, qos: qos, slot: slot) }
    }

    /// Calls a method and returns its result as a Swift value.
    public func call<Result: Decodable>(
        _ topic: String, _ arguments: Value..., timeout: Duration? = nil
    ) throws -> Result {
        try request(topic, ArgumentList(arguments, encoding: component.encoding), timeout).decode()
    }

    /// Calls a method with arguments of any `Encodable` types and returns its result as a Swift value.
    @_disfavoredOverload
    public func call<Result: Decodable, each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) throws -> Result {
        try request(topic, ArgumentList(encoding: component.encoding, repeat each arguments), timeout).decode()
    }

    /// Calls a method with literals that have variables in them, and returns its result as a Swift value; see
    /// ``ArgumentLiteral``.
    @_disfavoredOverload
    public func call<Result: Decodable>(
        _ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil
    ) throws -> Result {
        try request(topic, ArgumentList(arguments, encoding: component.encoding), timeout).decode()
    }

    /// Calls a method and returns its result without decoding it. The result may be ignored.
    @_disfavoredOverload
    @discardableResult
    public func call(_ topic: String, _ arguments: Value..., timeout: Duration? = nil) throws -> Value {
        try request(topic, ArgumentList(arguments, encoding: component.encoding), timeout).value
    }

    /// Calls a method with arguments of any `Encodable` types and returns its result without decoding it. The result
    /// may be ignored.
    @_disfavoredOverload
    @discardableResult
    public func call<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, timeout: Duration? = nil
    ) throws -> Value {
        try request(topic, ArgumentList(encoding: component.encoding, repeat each arguments), timeout).value
    }

    /// Calls a method with literals that have variables in them, and returns its result without decoding it. The result
    /// may be ignored. See ``ArgumentLiteral``.
    @discardableResult
    public func call(_ topic: String, _ arguments: ArgumentLiteral..., timeout: Duration? = nil) throws -> Value {
        try request(topic, ArgumentList(arguments, encoding: component.encoding), timeout).value
    }

    private func request(_ topic: String, _ list: ArgumentList, _ timeout: Duration?) throws -> EncodedValue {
        try blocking { [component] in
            try await component.request(topic, list: list, target: nil, timeout: timeout)
        }
    }
}
