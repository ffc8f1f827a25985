public import Foundation

/// Something that happened in a broker, for the program that it runs in; see ``Broker/events(limit:)``.
///
/// Publications and calls are no events. What happens often, such as dropped messages, is told once a second with its number.
/// More kinds may come with later versions, so a `switch` needs a `default`.
public struct BrokerEvent: Sendable, Hashable {
    /// When it happened, or was found.
    public var time: Date
    /// What happened.
    public var kind: Kind

    /// What happened.
    public enum Kind: Sendable, Hashable {
        /// A connection is open. Who it is from is said later, by ``identified(_:)``, or never.
        case connected(BrokerConnection)
        /// The peer has said its name, and proven it where that was asked for. What its component had subscribed and exposed
        /// earlier counts again, without an event for each.
        case identified(BrokerConnection)
        /// Somebody was not let in, or did not get what it asked for.
        case refused(Refusal)
        /// A connection has ended, and what it had subscribed and exposed with it, without an event for each; a component with
        /// a name gets that back when it comes again.
        case disconnected(BrokerConnection, Ending)
        /// A component has subscribed a topic or pattern that it had not. An MQTT client's is the filter that it sent.
        case subscribed(BrokerConnection, topic: String)
        /// A component has ended a subscription.
        case unsubscribed(BrokerConnection, topic: String)
        /// A component offers a method.
        case exposed(BrokerConnection, method: String)
        /// A component does not offer a method any more.
        case unexposed(BrokerConnection, method: String)
        /// A component does not take what is delivered to it: it goes on from the store when it does, or loses publications where
        /// nothing is stored. `topic` is the subscription that was full first. Told once until it has caught up.
        case slow(BrokerConnection, topic: String)
        /// A slow component takes again what comes.
        case caughtUp(BrokerConnection)
        /// Messages were lost.
        case dropped(Drop)
        /// Stored publications were deleted because their time was over or there were too many.
        case retention(Retention)
        /// Tables were tidied up.
        case maintenance(Maintenance)
        /// Administrators, tenants, private topics or grants have changed.
        case rulesChanged
        /// Whether requests should come has changed: the reasons why not, none when the broker is ready (again).
        case readinessChanged([UnreadyReason])
        /// So many events before the next one were not kept for this reader, because it was too slow.
        case missed(Int)
    }
}
