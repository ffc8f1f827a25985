public import Foundation

/// Something that happened in a broker, for the program that the broker runs in; see ``Broker/events(limit:)``.
///
/// Publications and calls are not events. Frequent occurrences, such as dropped messages, are reported once a second
/// with their number. Later versions may add kinds, so a `switch` needs a `default`.
public struct BrokerEvent: Sendable, Hashable {
    /// When it happened or was noticed.
    public var time: Date
    /// What happened.
    public var kind: Kind

    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// A connection was opened. Its name follows with ``identified(_:)``, or never.
        case connected(BrokerConnection)
        /// The peer has stated its name, and proven it where a proof was required. Subscriptions and methods that its
        /// component had before count again, without an event for each.
        case identified(BrokerConnection)
        /// A connection, a login or a request was refused.
        case refused(Refusal)
        /// A connection has ended. Its subscriptions and methods have ended with it, without an event for each. A
        /// component with a name gets them back when it connects again.
        case disconnected(BrokerConnection, Ending)
        /// A component has subscribed to a topic or pattern that it had not subscribed to before. For an MQTT client it
        /// is the filter that the client sent.
        case subscribed(BrokerConnection, topic: String)
        /// A component has ended a subscription.
        case unsubscribed(BrokerConnection, topic: String)
        /// A component offers a method.
        case exposed(BrokerConnection, method: String)
        /// A component has withdrawn a method.
        case unexposed(BrokerConnection, method: String)
        /// A component does not read what is delivered to it. It continues from the store when it reads again; what is
        /// not stored is lost. `topic` is the subscription that was affected first. Reported once until the component
        /// has caught up.
        case slow(BrokerConnection, topic: String)
        /// A slow component has caught up.
        case caughtUp(BrokerConnection)
        /// Messages were lost.
        case dropped(Drop)
        /// Stored publications were deleted, because their retention time was over or there were too many.
        case retention(Retention)
        /// Files of tables were maintained.
        case maintenance(Maintenance)
        /// Administrators, tenants, private topics or grants have changed.
        case rulesChanged
        /// The broker has become ready or unready. The reasons are those why it should get no requests now; none when
        /// it is ready.
        case readinessChanged([UnreadyReason])
        /// This number of events before the next one were lost to this reader, because it was too slow.
        case missed(Int)
    }
}
