public import Logging

/// The operations of a ``Component``, or of a ``ComponentPool`` of several: publish, subscribe, call and expose.
///
/// The methods that programs call are in extensions of this protocol. Its requirements are what these extensions need.
public protocol Messaging: EncodedMessaging {
    /// The logger for errors in callbacks.
    var callbackLogger: Logger { get }

    /// Subscribes, and delivers to `subscription`.
    func attach(_ subscription: Subscription) async throws

    /// Ends the subscription to a topic or pattern. Its sequence ends after the messages that were delivered already.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the change is sent when there is one again.
    func unsubscribe(_ topic: String) async throws

    /// Exposes a method.
    func attach(_ handler: RequestHandler, to topic: String) async throws

    /// Withdraws a method.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the change is sent when there is one again.
    func unexpose(_ topic: String) async throws
}

/// Sends messages whose arguments are encoded already. ``Messaging`` is based on it.
///
/// Methods that take anything `Encodable` extend this protocol, and methods that take literals extend ``Messaging``, so
/// that Swift prefers the latter where both are possible.
public protocol EncodedMessaging: Sendable {
    /// The encoding of outgoing messages.
    var encoding: MessageEncoding { get }

    /// Sends a publication with encoded arguments.
    nonisolated(nonsending) func publish(
        _ topic: String, list: ArgumentList, qos: QoS, slot: UInt32?
    ) async throws

    /// Sends a request with encoded arguments, and waits for its result.
    nonisolated(nonsending) func request(
        _ topic: String, list: ArgumentList, target: String?, timeout: Duration?
    ) async throws -> EncodedValue
}
