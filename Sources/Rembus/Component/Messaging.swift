public import Logging

/// What can publish, subscribe, call and expose: a ``Component``, or a ``ComponentPool`` of several.
///
/// The methods that programs call are extensions of this protocol; its requirements are their common ground.
public protocol Messaging: EncodedMessaging {
    /// Where failures of callbacks are logged.
    var callbackLogger: Logger { get }

    /// Subscribes, and delivers into `subscription`.
    func attach(_ subscription: Subscription) async throws

    /// Ends the subscription to a topic or pattern; its sequence ends behind what was delivered already.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the broker learns it with the next one.
    func unsubscribe(_ topic: String) async throws

    /// Offers a method.
    func attach(_ handler: RequestHandler, to topic: String) async throws

    /// Withdraws a method.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the broker learns it with the next one.
    func unexpose(_ topic: String) async throws
}

/// What sends arguments that are encoded already: the ground of ``Messaging``.
///
/// Methods that take anything `Encodable` extend this protocol and those that take literals the other one, so that Swift
/// prefers the latter where both would do.
public protocol EncodedMessaging: Sendable {
    /// How outgoing messages are encoded.
    var encoding: MessageEncoding { get }

    /// Sends a publication whose arguments are encoded already.
    nonisolated(nonsending) func publish(
        _ topic: String, list: ArgumentList, qos: QoS, slot: UInt32?
    ) async throws

    /// Sends a request whose arguments are encoded already, and waits for its result.
    nonisolated(nonsending) func request(
        _ topic: String, list: ArgumentList, target: String?, timeout: Duration?
    ) async throws -> EncodedValue
}
