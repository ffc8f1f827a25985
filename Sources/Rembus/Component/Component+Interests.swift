import Logging
import NIOCore
import RembusWire

/// Subscriptions and methods. They are kept here, sent to the broker, and sent again on every new connection. So it is
/// no error if there is no connection.
extension Component {
    /// Adds a subscription and sends it to the broker. Programs call `subscribe`, which does this for them.
    public func attach(_ subscription: Subscription) async throws {
        if let pattern = TopicPattern.rembusSpelling(ofMQTT: subscription.topic) {
            connection.logger.warning(
                "a subscription is taken as it stands: + and # are no wildcards of Rembus",
                metadata: ["topic": "\(subscription.topic)", "pattern": "\(pattern)"])
        }
        subscription.queue.addSource()
        // While it delivers already, the broker sends only new publications. Past ones have to be asked for.
        let wasReactive = try await connection.onSession { session in
            let wasReactive = session.isReactive
            session.add(subscription)
            return wasReactive
        }
        let (topic, from) = (subscription.topic, subscription.start.nanoseconds)
        do {
            try await tell(topic, subscription.start.command)
            guard connection.isReactiveBySubscribing, !wasReactive || from > 0 else { return }
            try await sendReactive()
        } catch {
            connection.submissions.perform { $0.removeSubscription(topic, only: subscription) }
            throw error
        }
    }

    /// Ends the subscription to a topic or pattern. Its sequence ends after the messages that were delivered already.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the change is sent when there is one again.
    public func unsubscribe(_ topic: String) async throws {
        _ = try await connection.onSession { $0.removeSubscription(topic) }
        try await tell(topic, .unsubscribe)
    }

    /// Adds a method. Programs call `expose` with a closure, which does this for them.
    public func attach(_ handler: RequestHandler, to topic: String) async throws {
        let former = try await connection.onSession { $0.services.updateValue(handler, forKey: topic) }
        do {
            try await tell(topic, .expose)
        } catch {
            connection.submissions.perform { $0.services[topic] = former }
            throw error
        }
    }

    /// Withdraws a method.
    ///
    /// Throws ``RembusError`` when the broker refuses. Without a connection the change is sent when there is one again.
    public func unexpose(_ topic: String) async throws {
        _ = try await connection.onSession { $0.services.removeValue(forKey: topic) }
        try await tell(topic, .unexpose)
    }

    /// Starts delivery for all subscriptions. Subscribing starts it too, unless ``ComponentConfiguration/isReactive`` is
    /// false.
    public func reactive() async throws {
        try await connection.onSession { $0.isReactive = true }
        try await sendReactive()
    }

    /// Stops delivery; the subscriptions stay.
    public func unreactive() async throws {
        try await connection.onSession { $0.isReactive = false }
        try await tell(ClientSession.configurationTopic, .reactive(false, messageFrom: nil))
    }

    private func sendReactive() async throws {
        let from = try await connection.onSession { $0.longestReplay }
        try await tell(ClientSession.configurationTopic, .reactive(true, messageFrom: from))
    }

    /// Sends a command whose effect the session keeps. Without a connection it is sent after the next login.
    private func tell(_ topic: String, _ command: AdminCommand) async throws {
        do {
            try await admin(topic, command)
        } catch let error as RembusError where error.code == .notConnected || error.code == .connectionDown {
            return
        }
    }

    /// Publishes on `<own name>/topic`.
    ///
    /// Throws like `publish`, and `unsupported` for an anonymous component.
    @_disfavoredOverload
    nonisolated(nonsending) public func put(
        _ topic: String, _ arguments: Value..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(ownTopic(topic), arguments: arguments, qos: qos, slot: slot)
    }

    /// Publishes arguments of any `Encodable` types on `<own name>/topic`.
    @_disfavoredOverload
    nonisolated(nonsending) public func put<each Argument: Encodable>(
        _ topic: String, _ arguments: repeat each Argument, qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        try await publish(ownTopic(topic), repeat each arguments, qos: qos, slot: slot)
    }

    /// Publishes literals with variables in them on `<own name>/topic`; see ``ArgumentLiteral``.
    nonisolated(nonsending) public func put(
        _ topic: String, _ arguments: ArgumentLiteral..., qos: QoS = .atMostOnce, slot: UInt32? = nil
    ) async throws {
        let list = try ArgumentList(arguments, encoding: encoding)
        try await publish(ownTopic(topic), list: list, qos: qos, slot: slot)
    }

    private func ownTopic(_ topic: String) throws(RembusError) -> String {
        guard let name else {
            throw RembusError(
                .unsupported, "An anonymous component has no topics of its own. Connect with a name, or use `publish`.")
        }
        return "\(name)/\(topic)"
    }
}
