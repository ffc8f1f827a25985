extension Messaging {
    /// Exposes a method to all components of the broker.
    ///
    /// ```swift
    /// try await component.expose("add") { (x: Int, y: Int) in x + y }
    /// ```
    /// The closure gets the arguments of the call by their types; optional ones at the end may be missing. Calls run
    /// concurrently, each in a task of its own. An error that the closure throws reaches the caller as text with status
    /// 40. A later `expose` of the same name replaces the closure. After a reconnect the method is exposed again.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the method is exposed when there is one
    /// again.
    public func expose<each Argument: Decodable & Sendable, Result: Encodable & Sendable>(
        _ topic: String, _ method: @escaping @Sendable (repeat each Argument) async throws -> Result
    ) async throws {
        let encoding = encoding
        try await attach(
            RequestHandler { list in
                let arguments = try list.decode(repeat (each Argument).self)
                return try EncodedValue(encoding: try await method(repeat each arguments), as: encoding)
            }, to: topic)
    }

    /// Exposes a method without a result; its callers get null.
    public func expose<each Argument: Decodable & Sendable>(
        _ topic: String, _ method: @escaping @Sendable (repeat each Argument) async throws -> Void
    ) async throws {
        let encoding = encoding
        try await attach(
            RequestHandler { list in
                let arguments = try list.decode(repeat (each Argument).self)
                try await method(repeat each arguments)
                return EncodedValue(.null, encoding: encoding)
            }, to: topic)
    }

    /// Exposes a method that takes arguments of any number and type.
    public func exposeRaw(
        _ topic: String, _ method: @escaping @Sendable ([Value]) async throws -> Value
    ) async throws {
        let encoding = encoding
        try await attach(
            RequestHandler { list in EncodedValue(try await method(list.values), encoding: encoding) }, to: topic)
    }
}
