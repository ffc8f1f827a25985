public import Logging
import NIOCore
import RembusStore

/// Everything that a broker can be told. Every field has a default that is safe on a developer's machine.
public struct BrokerConfiguration: Sendable, Equatable {
    /// The router's name: the answer of `rid`, and the folder of its state (docs/spec/behaviour.md §1).
    public var name = "broker"
    /// The folder of the state of brokers, each of which has a folder of its name there. nil for `REMBUS_DIR`, else `rembus`
    /// in the user's configuration folder, as the command has it.
    public var directory: String?
    /// The address to listen on. Loopback unless told otherwise (docs/spec/known-defects.md S21).
    public var host = "127.0.0.1"
    /// The WebSocket port; 0 lets the system choose one, which the start-up line then names.
    public var port = 8338
    /// The port for TCP, or TLS when connections are secure (docs/spec/protocol.md §11); nil for none.
    public var tcpPort: Int?
    /// Path of a Unix socket for WebSocket connections, in place of the port; nil for none.
    public var socket: String?
    /// Path of a Unix socket for length-framed connections, in place of the port; nil for none.
    public var tcpSocket: String?
    /// Rights on the files of Unix sockets.
    public var socketMode = 0o600
    /// How a request is given to one of several providers (docs/spec/behaviour.md §8).
    public var policy = RoutingPolicy.firstUp
    /// Whether a second connection of a name replaces the first (docs/spec/protocol.md §7.6) or is refused.
    public var overwriteConnection = false
    /// Server mode: the broker answers for its own handlers and relays nothing (docs/spec/behaviour.md §16.1).
    public var isServer = false
    /// How long a provider may take to answer a request whose caller does not say how long it waits, and a component to
    /// finish its login.
    public var requestTimeout = Duration.seconds(10)
    /// The longest time that a caller may ask for; what is longer is cut to it. ``requestTimeout`` is allowed in any case.
    public var maxRequestTimeout = Duration.seconds(3600)
    /// How long to wait for the acknowledgement of a QoS 1 or 2 delivery before sending it again.
    public var ackTimeout = Duration.seconds(2)
    /// How often an unacknowledged delivery is sent again.
    public var sendRetries = 10
    /// Interval of the broker's WebSocket pings; two unanswered ones end a connection. Zero sends none.
    public var pingInterval = Duration.seconds(30)
    /// How long a connection may take to finish the WebSocket handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// How long a shutdown waits for calls and exchanges at QoS 1 and 2 to finish, for queued messages to leave and for
    /// components to hang up.
    public var drainTimeout = Duration.seconds(5)
    /// Event loop threads, at most 64; 0 means one per core, less one for storage, at least one.
    public var threads = 0
    /// Bytes of memory for the newest publications, which replay and subscribers that fell behind read from; 0 keeps none.
    public var storeBytes = 64 << 20
    /// Bytes of memory that the whole process keeps to. 0 for half of what the machine or its control group has, 2 GiB at
    /// most.
    public var memoryLimit = 0
    /// How far back a replay goes at most; zero for as far as there is anything.
    public var replayWindow = Duration.zero
    /// How much the command `rembus broker` logs. A broker in a program logs what its logger does.
    public var logLevel = Logger.Level.notice
    /// Who may connect and how connections are protected.
    public var security = SecurityConfiguration()
    /// Further ways in: HTTP, ZeroMQ, MQTT, metrics.
    public var gateways = GatewayConfiguration()
    /// What goes to the disk and where.
    public var storage = StorageConfiguration()
    /// How the command writes its log; a program that embeds a broker gives it a logger of its own.
    public var logFormat = LogFormat.text
    /// What a peer may use at most.
    public var limits = BrokerLimits()

    /// A configuration with every default.
    public init() {}

    /// How many event loops a broker with this configuration has.
    package var eventLoopCount: Int {
        min(threads > 0 ? threads : max(1, System.coreCount - 1), RecordHeader.maxPartitions)
    }
}

/// Upper bounds on everything that a peer controls (docs/spec/known-defects.md S20).
public struct BrokerLimits: Sendable, Equatable {
    /// Largest message, bytes; a larger one closes its connection with code 1009.
    public var maxMessageBytes = 62_914_560
    /// Longest topic, bytes of UTF-8.
    public var maxTopicBytes = 1024
    /// Segments of a topic at most, that is slashes plus one.
    public var maxTopicSegments = 64
    /// Longest component name, bytes of UTF-8.
    public var maxNameBytes = 255
    /// Subscriptions of one connection.
    public var maxSubscriptions = 10_000
    /// Exposed topics of one connection.
    public var maxExposed = 10_000
    /// Requests that wait for the answer of one provider; more are answered with status 43.
    public var maxPendingCalls = 10_000
    /// Requests of one connection that wait for an answer; more are answered with status 10.
    public var maxCalls = 10_000
    /// Connections in all; more are closed at once.
    public var maxConnections = 50_000
    /// Connections from one address (IPv6: from one /64 network).
    public var maxConnectionsPerAddress = 10_000
    /// New connections per second, in all, that the broker shakes hands with.
    public var handshakesPerSecond = 5_000
    /// Unacknowledged QoS 1/2 deliveries to one component; more wait in the store.
    public var maxInFlight = 10_000
    /// Bytes of the unacknowledged QoS 1/2 deliveries to one component; more wait in the store.
    public var maxInFlightBytes = 32 << 20
    /// Outgoing bytes queued for one connection; what comes on top waits in the store.
    public var maxBacklogBytes = 8 << 20
    /// What happens to a connection that does not take what is queued for it.
    public var slowConsumer = SlowConsumerPolicy.catchUp
    /// QoS 2 message ids remembered per publisher to recognise duplicates; they also expire after 10 minutes.
    public var maxDuplicateIDs = 100_000
    /// Names of disconnected components without a proof of identity whose subscriptions and marks are kept.
    public var maxOfflineComponents = 100_000
    /// Those of one address, and the sessions of one user who has proven its identity.
    public var maxOfflineComponentsPerAddress = 50_000
    /// Bytes that subscriptions, exposed methods and what is kept of disconnected components take in all, as the broker
    /// reckons them. An eighth is for those who have proven their identity.
    public var maxRememberedBytes = 512 << 20
    /// Those of one address, and of one user who has proven its identity.
    public var maxRememberedBytesPerAddress = 256 << 20
    /// How long a disconnected component without a proof of identity is remembered; zero for ever.
    public var nameExpiry = Duration.seconds(7 * 86_400)

    /// Every default.
    public init() {}
}

/// How a request is given to one of several providers of a topic (docs/spec/behaviour.md §8).
public enum RoutingPolicy: String, Sendable, CaseIterable, Codable {
    /// The first in order of registration.
    case firstUp = "first_up"
    /// Each in turn.
    case roundRobin = "round_robin"
    /// The one with the fewest unanswered requests; ties go by order of registration.
    case lessBusy = "less_busy"
}
