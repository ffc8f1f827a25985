/// What the broker keeps of one named component across restarts: subscriptions with their marks, and exposed topics
/// (behaviour.md §4.2, §11).
package struct ComponentRecord: Sendable, Hashable {
    /// One subscription and how far its delivery has come.
    package struct Subscription: Sendable, Hashable {
        package var topic: String
        /// How far back the subscriber wants to go, nanoseconds; infinity for "everything not yet received".
        package var messageFrom: Double
        /// Per partition, the receive time of the newest publication that was sent.
        package var marks: [UInt64]
        /// Receive times at or below the marks whose publications were sent but not acknowledged, ascending. These
        /// publications are sent again.
        package var owed: [UInt64]

        package init(topic: String, messageFrom: Double, marks: [UInt64], owed: [UInt64] = []) {
            self.topic = topic
            self.messageFrom = messageFrom
            self.marks = marks
            self.owed = owed
        }
    }

    package var name: String
    /// Sorted by topic.
    package var subscriptions: [Subscription]
    /// Sorted.
    package var exposed: [String]
    /// The peer's address without the port; empty when it is not known.
    package var host: String
    package var isConnected: Bool
    /// When the component was last known to be connected, in seconds since the epoch; 0 when an older version wrote the
    /// record.
    package var lastSeen: UInt64 = 0
    /// Whether the name was proven with a key or a certificate when the component was last here.
    package var isProven = false
    /// The user who proved the name; nil when that is the name itself.
    package var user: String?
    /// Whether the component has reconnected under its name at least once.
    package var hasReturned = false

    package init(
        name: String, subscriptions: [Subscription] = [], exposed: [String] = [], host: String = "",
        isConnected: Bool = false
    ) {
        self.name = name
        self.subscriptions = subscriptions
        self.exposed = exposed
        self.host = host
        self.isConnected = isConnected
    }

    /// Whether a disconnected component can be forgotten without loss.
    package var isEmpty: Bool { subscriptions.isEmpty && exposed.isEmpty }
}
