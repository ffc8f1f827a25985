public import Logging

/// A member of a Rembus network: connects to a broker, publishes and subscribes, offers and calls methods.
///
/// ```swift
/// let component = try await Component.connect("ws://localhost:8338/collector")
/// try await component.publish("plant/7/telemetry", ["temperature": 21.6, "pressure": 980])
/// let sum: Int = try await component.call("add", 1, 2)
/// await component.close()
/// ```
/// A component reconnects by itself. When its connection is lost it dials again, with growing pauses, logs in,
/// subscribes and exposes as before, and sends unacknowledged publications again. Open calls fail, because a repeated
/// call might execute twice.
///
/// A component lives until ``close()``, even if the program keeps no reference to it.
public final class Component: Messaging {
    let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    /// Connects and logs in.
    ///
    /// - Parameters:
    ///   - url: `ws://host:port/name`, or a part of it such as `collector`; see ``RembusURL``. Without a name the
    ///     component is anonymous, and the broker keeps no state for it.
    ///   - configuration: All other settings.
    /// - Throws: ``RembusError``: `invalidURL`; `invalidSetting`; `connectionDown` when the broker cannot be reached;
    ///   `nameInUse` when a component with the name is connected; `loginRefused`; `authenticationRequired` when the
    ///   broker asks for a proof of identity and there is no credential; `authenticationFailed` when the proof is
    ///   wrong; `keyFile`; `unsupported`.
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

    /// Makes a component and makes one attempt to connect it.
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

    /// The name of the component; nil for an anonymous one.
    public var name: String? { connection.url.name }

    /// The URL that the component connects to.
    public var url: RembusURL { connection.url }

    /// The encoding of outgoing messages.
    public var encoding: MessageEncoding { connection.encoding }

    /// The state of the connection.
    public var state: ConnectionState { connection.states.state }

    /// The current state and all later ones. The stream ends after `closed`.
    public var stateUpdates: AsyncStream<ConnectionState> { connection.states.updates() }

    /// The logger for errors in callbacks.
    public var callbackLogger: Logger { connection.logger }

    /// The number of calls and acknowledged publications that are open.
    public var inFlightCount: Int { connection.counters.inFlight }

    /// Closes the connection and ends all subscriptions, calls and unacknowledged publications.
    ///
    /// Publications at QoS 0 that were made before are still sent. The broker keeps the subscriptions and methods of a
    /// named component.
    public func close() async {
        await connection.close()
    }
}
