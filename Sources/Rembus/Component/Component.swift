public import Logging

/// A member of a Rembus network: connects to a broker, publishes and subscribes, offers and calls methods.
///
/// ```swift
/// let component = try await Component.connect("ws://localhost:8338/collector")
/// try await component.publish("plant/7/telemetry", ["temperature": 21.6, "pressure": 980])
/// let sum: Int = try await component.call("add", 1, 2)
/// await component.close()
/// ```
/// A lost connection comes back by itself: the component dials again with growing pauses, logs in, subscribes and exposes
/// as before, and sends again what was not acknowledged. Calls that were under way fail, because a repeated call may
/// execute twice.
///
/// A component lives until ``close()``, also when the program keeps no reference to it.
public final class Component: Messaging {
    let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// Connects and logs in.
    ///
    /// - Parameters:
    ///   - url: `ws://host:port/name`, or a part of it such as `collector`, see ``RembusURL``. Without a name the component
    ///     is anonymous: the broker keeps nothing for it.
    ///   - configuration: Everything else.
    /// - Throws: ``RembusError``: `invalidURL`, `invalidSetting`, `connectionDown` when the broker cannot be reached,
    ///   `nameInUse` when the name is connected already, `loginRefused`, `authenticationRequired` when the broker asks for a
    ///   proof of identity and there is no credential, `authenticationFailed` when it does not accept the proof, `keyFile`,
    ///   `unsupported`.
    public static func connect(
        _ url: String, configuration: ComponentConfiguration = ComponentConfiguration()
    ) async throws -> Component {
        try await connect(RembusURL(url, base: configuration.resolvedBase()), configuration: configuration)
    }

    /// Connects and logs in, like ``connect(_:configuration:)-(String,_)``.
    public static func connect(
        _ url: RembusURL, configuration: ComponentConfiguration = ComponentConfiguration()
    ) async throws -> Component {
        let (component, failure) = try await open(url, configuration)
        guard let failure else { return component }
        guard component.connection.settings.startAnyway, failure.isWorthRetrying else {
            await component.close()
            throw failure
        }
        component.connection.keepReconnecting()
        return component
    }

    /// Makes a component and tries once to connect it.
    static func open(
        _ url: RembusURL, _ configuration: ComponentConfiguration
    ) async throws -> (Component, RembusError?) {
        let component = Component(try Connection(url, configuration))
        do {
            try await component.connection.establish()
            return (component, nil)
        } catch {
            return (component, error)
        }
    }

    /// The name, nil for an anonymous component.
    public var name: String? { connection.url.name }

    /// Where the component connects to.
    public var url: RembusURL { connection.url }

    /// How outgoing messages are encoded.
    public var encoding: MessageEncoding { connection.encoding }

    /// What the connection is doing.
    public var state: ConnectionState { connection.states.state }

    /// The present state and every later one; ends after `closed`.
    public var stateUpdates: AsyncStream<ConnectionState> { connection.states.updates() }

    /// Where failures of callbacks are logged.
    public var callbackLogger: Logger { connection.logger }

    /// How many calls and acknowledged publications are under way.
    public var inFlightCount: Int { connection.counters.inFlight }

    /// Closes the connection and ends every subscription, call and unacknowledged publication.
    ///
    /// Messages of QoS 0 that were published before still go out. What a named component asked the broker for stays there.
    public func close() async {
        await connection.close()
    }
}
