public import Foundation

/// The state of a broker at one moment, for the program that the broker runs in; see ``Broker/status(listing:)``.
///
/// Each list has at most as many elements as were asked for. The counts beside the lists include all.
public struct BrokerStatus: Sendable, Hashable, Codable {
    /// The broker's name.
    public var name: String
    /// The version of this implementation, as in ``RembusVersion/current``.
    public var version: String
    /// When the status was taken.
    public var time: Date
    /// How long the broker has been running, in seconds.
    public var uptime: Double
    /// The URLs of the addresses that it accepts connections on.
    public var addresses: [String]
    /// Why the broker should get no requests now; empty when it is ready.
    public var unready: [UnreadyReason]
    /// The number of open connections.
    public var connectionCount: Int
    /// The number of connections with a name.
    public var namedCount: Int
    /// The number of their subscriptions.
    public var subscriptionCount: Int
    /// The number of deliveries to them at QoS 1 and 2 that wait for an acknowledgement.
    public var inFlight: Int
    /// The bytes that wait because peers do not read them fast enough.
    public var backlogBytes: Int
    /// The memory that is held for all connections, and its limit.
    public var memory: Memory
    /// Connections, oldest first.
    public var components: [Component]
    /// Links to other brokers, by name.
    public var links: [Link]
    /// The methods that can be called, by topic.
    public var methods: [Method]
    /// Topics that were published to, by name. Topics beyond `max_metric_topics` are counted together in one called
    /// `other`. Topics are counted from the first status on or, if metrics are collected, from the start.
    public var topics: [Topic]
    /// The journal; nil when there is none.
    public var journal: Journal?
    /// The tables; nil when there are none.
    public var lake: Lake?

    /// The memory that is held for all connections.
    public struct Memory: Sendable, Hashable, Codable {
        /// Bytes that are held.
        public var used: Int
        /// Bytes that may be held now.
        public var limit: Int
    }

    /// A connection with its component.
    public struct Component: Sendable, Hashable, Codable {
        /// The connection: name, address, protocol.
        public var connection: BrokerConnection
        /// Whether it receives deliveries.
        public var isReactive: Bool
        /// The topics and patterns that it has subscribed to; 100 at most.
        public var subscriptions: [String]
        /// The number of its subscriptions.
        public var subscriptionCount: Int
        /// The methods that it exposes; 100 at most.
        public var methods: [String]
        /// The number of methods that it exposes.
        public var methodCount: Int
        /// Whether it does not read what is delivered to it.
        public var isSlow: Bool
        /// The bytes that wait because it does not read them fast enough.
        public var backlogBytes: Int
        /// The number of deliveries at QoS 1 and 2 that wait for its acknowledgement.
        public var inFlight: Int
        /// The number of its calls that wait for an answer.
        public var openCalls: Int
        /// The number of messages that it did not get because it read too little.
        public var dropped: Int
    }

    /// A method that can be called.
    public struct Method: Sendable, Hashable, Codable {
        /// The topic of the method.
        public var topic: String
        /// Whether the broker itself answers: with a built-in method, one of its tables, or one of the program around
        /// it.
        public var isBrokers: Bool
        /// The components that expose it, connected or not. nil stands for one without a name.
        public var providers: [String?]
    }

    /// A topic that was published to.
    public struct Topic: Sendable, Hashable, Codable {
        /// The name of the topic.
        public var name: String
        /// Accepted publications since they are counted.
        public var published: UInt64
        /// Publications per second, in the last full second; nil before there was one.
        public var rate: Double?
        /// The arguments, as JSON, of a publication of the last second or the last one before. One publication is taken
        /// each second, from the first status on until a minute after the last. nil before that, for publications
        /// larger than 1 KiB, and for topics beyond the first thousand of an event loop.
        public var value: String?
        /// When ``value`` was received.
        public var valueTime: Date?
    }
}
