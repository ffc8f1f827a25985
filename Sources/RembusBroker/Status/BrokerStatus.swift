public import Foundation

/// What a broker is and does now, for the program that it runs in; see ``Broker/status(listing:)``.
///
/// Its lists have as many elements as were asked for at most, the numbers beside them count all.
public struct BrokerStatus: Sendable, Hashable, Codable {
    /// The router's name.
    public var name: String
    /// The version of this implementation, as in ``RembusVersion/current``.
    public var version: String
    /// When this was found out.
    public var time: Date
    /// How long the broker has been there, in seconds.
    public var uptime: Double
    /// The addresses that it accepts connections on, as URLs.
    public var addresses: [String]
    /// Why no requests should be sent now; empty when the broker is ready.
    public var unready: [UnreadyReason]
    /// How many connections are open.
    public var connectionCount: Int
    /// How many of them have said a name.
    public var namedCount: Int
    /// How many subscriptions they have.
    public var subscriptionCount: Int
    /// Deliveries at QoS 1 and 2 to them that wait for an acknowledgement.
    public var inFlight: Int
    /// Bytes that wait because peers do not read them fast enough.
    public var backlogBytes: Int
    /// Bytes that are held for connections in all, and how many may be.
    public var memory: Memory
    /// Connections, the oldest of these first.
    public var components: [Component]
    /// The methods that can be called, by topic.
    public var methods: [Method]
    /// Topics that were published on, by name; those beyond `max_metric_topics` are together in one called `other`. They are
    /// counted from the first status on that is asked for, or from the start where metrics are.
    public var topics: [Topic]
    /// The journal; nil where there is none.
    public var journal: Journal?
    /// The tables; nil where there are none.
    public var lake: Lake?

    /// Bytes that are held for connections.
    public struct Memory: Sendable, Hashable, Codable {
        /// Bytes that are held.
        public var used: Int
        /// Bytes that may be held now.
        public var limit: Int
    }

    /// One connection with what its component does.
    public struct Component: Sendable, Hashable, Codable {
        /// Who it is and where.
        public var connection: BrokerConnection
        /// Whether it has asked for deliveries.
        public var isReactive: Bool
        /// What it has subscribed: 100 topics and patterns at most.
        public var subscriptions: [String]
        /// How many it has.
        public var subscriptionCount: Int
        /// The methods that it offers: 100 at most.
        public var methods: [String]
        /// How many it offers.
        public var methodCount: Int
        /// Whether it does not take what is delivered to it.
        public var isSlow: Bool
        /// Bytes that wait because it does not read them fast enough.
        public var backlogBytes: Int
        /// Deliveries at QoS 1 and 2 that wait for its acknowledgement.
        public var inFlight: Int
        /// Its calls that wait for an answer.
        public var openCalls: Int
        /// Messages that were not delivered because it took no more.
        public var dropped: Int
    }

    /// A method that can be called.
    public struct Method: Sendable, Hashable, Codable {
        /// Its topic.
        public var topic: String
        /// Whether the broker itself answers: a method of its own, of its tables, or of the program around it.
        public var isBrokers: Bool
        /// The components that offer it, connected or not; nil is one without a name.
        public var providers: [String?]
    }

    /// A topic that was published on.
    public struct Topic: Sendable, Hashable, Codable {
        /// The topic.
        public var name: String
        /// Accepted publications since they are counted.
        public var published: UInt64
        /// Publications a second, of the last second that has ended; nil until one has.
        public var rate: Double?
        /// The arguments of a publication of the last second, or of the last one before, as JSON. Sampled: one of each second,
        /// from the first status on that is asked for and for a minute after the last; nil before, where a publication is larger
        /// than 1 KiB, and for topics beyond a thousand of an event loop.
        public var value: String?
        /// When ``value`` was received.
        public var valueTime: Date?
    }
}
