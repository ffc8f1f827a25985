extension Messaging {
    /// Offers a method to every component of the broker.
    ///
    /// ```swift
    /// try await component.expose("add") { (x: Int, y: Int) in x + y }
    /// ```
    /// The closure gets the arguments of the call by their types; optional ones at the end may be missing. Calls run
    /// concurrently, each in a task of its own. What the closure throws reaches the caller as text, with status 40. A later
    /// `expose` of the same name replaces the closure. After a reconnect the method is offered again.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the broker learns it with the next one.
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

    /// Offers a method that returns nothing; its callers get null.
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

    /// Offers a method that takes the arguments as they come, whatever their number and types.
    public func exposeRaw(
        _ topic: String, _ method: @escaping @Sendable ([Value]) async throws -> Value
    ) async throws {
        let encoding = encoding
        try await attach(
            RequestHandler { list in EncodedValue(try await method(list.values), encoding: encoding) }, to: topic)
    }
}
