import Dispatch

/// A component for programs without async code. Every method blocks its thread until it is done.
///
/// ```swift
/// let node = try Node("ws://localhost:8338/collector")
/// try node.subscribe("**/telemetry") { message in print(message.topic, message.arguments) }
/// let sum: Int = try node.call("add", 1, 2)
/// node.wait()
/// ```
/// Use it on ordinary threads, such as the main thread of a script. **Do not use it in async code**, where
/// ``Component`` is the right type: a task that waits here blocks a thread that other tasks need. Callbacks run on
/// threads of their own, so they may call the methods of the node.
public final class Node: Sendable {
    /// The component behind the node, for async code.
    public let component: Component

    /// Methods run here concurrently. They may block.
    private let methods = DispatchQueue(label: "rembus.methods", attributes: .concurrent)

    /// Connects and logs in; see ``Component/connect(_:configuration:)-(String,_)``.
    public init(_ url: String, configuration: ComponentConfiguration = ComponentConfiguration()) throws {
        component = try blocking { try await Component.connect(url, configuration: configuration) }
    }

    /// The state of the connection.
    public var state: ConnectionState { component.state }

    /// Closes the connection.
    public func close() {
        try? blocking { [component] in await component.close() }
    }

    /// Waits until the node is closed: by ``close()`` on another thread, or because the broker has ended it for good.
    public func wait() {
        try? blocking { [component] in
            for await state in component.stateUpdates where state.isClosed { return }
        }
    }

    /// Waits until the broker has handled everything that was sent before, see ``Component/flush(timeout:)``.
    public func flush(timeout: Duration? = nil) throws {
        try blocking { [component] in try await component.flush(timeout: timeout) }
    }

    /// Subscribes. `receive` is called for each message, one after the other, on a thread of the subscription.
    public func subscribe(
        _ topic: String, from start: ReplayStart = .now, _ receive: @escaping @Sendable (Publication) throws -> Void
    ) throws {
        let queue = DispatchQueue(label: "rembus.subscription.\(topic)")
        try blocking { [component] in
            try await component.subscribe(topic, from: start) { (message: Publication) in
                try await queue.run { try receive(message) }
            }
        }
    }

    /// Ends the subscription to a topic or pattern.
    public func unsubscribe(_ topic: String) throws {
        try blocking { [component] in try await component.unsubscribe(topic) }
    }

    /// Offers a method, see ``Messaging/expose(_:_:)-(_,(_)->Result)``. Calls run on threads of their own.
    public func expose<each Argument: Decodable & Sendable, Result: Encodable & Sendable>(
        _ topic: String, _ method: @escaping @Sendable (repeat each Argument) throws -> Result
    ) throws {
        let methods = methods
        try blocking { [component] in
            try await component.expose(topic) { (arguments: repeat each Argument) in
                try await methods.run { try method(repeat each arguments) }
            }
        }
    }

    /// Offers a method that returns nothing; its callers get null.
    public func expose<each Argument: Decodable & Sendable>(
        _ topic: String, _ method: @escaping @Sendable (repeat each Argument) throws -> Void
    ) throws {
        let methods = methods
        try blocking { [component] in
            try await component.expose(topic) { (arguments: repeat each Argument) -> Void in
                try await methods.run { try method(repeat each arguments) }
            }
        }
    }

    /// Withdraws a method.
    public func unexpose(_ topic: String) throws {
        try blocking { [component] in try await component.unexpose(topic) }
    }
}
