public import Logging
import NIOCore
package import RembusListening
import RembusStore

/// All settings of a broker. Every field has a default that is safe on a developer's machine.
public struct BrokerConfiguration: Sendable, Equatable {
    /// The broker's name: the answer of the method `rid`, and the name of the folder of its state
    /// (docs/spec/behaviour.md §1).
    public var name = "broker"
    /// The folder that holds the state of brokers, in one folder for each name. nil means the environment variable
    /// `REMBUS_DIR` or, without it, `rembus` in the user's configuration folder.
    public var directory: String?
    /// The address to listen on; loopback by default (docs/spec/known-defects.md S21).
    public var host = "127.0.0.1"
    /// The WebSocket port. With 0 the system chooses one, which ``Broker/addresses`` then has.
    public var port = 8338
    /// The port for length-framed connections over TCP, or over TLS with ``SecurityConfiguration/isSecure``
    /// (docs/spec/protocol.md §11); nil for none.
    public var tcpPort: Int?
    /// The path of a Unix socket for WebSocket connections, in place of the port; nil for none.
    public var socket: String?
    /// The path of a Unix socket for length-framed connections, in place of the port; nil for none.
    public var tcpSocket: String?
    /// The file mode of Unix sockets.
    public var socketMode = 0o600
    /// How the broker chooses one of several providers for a request (docs/spec/behaviour.md §8).
    public var policy = RoutingPolicy.firstUp
    /// Whether a second connection with the same name replaces the first one (docs/spec/protocol.md §7.6); otherwise it
    /// is refused.
    public var overwriteConnection = false
    /// Server mode: components can call the methods of this process, but the broker relays nothing between components
    /// (docs/spec/behaviour.md §16.1).
    public var isServer = false
    /// How long a provider may take to answer a request whose caller sets no time-out, and how long a component may
    /// take to finish its login.
    public var requestTimeout = Duration.seconds(10)
    /// The longest time-out that a caller may ask for; longer ones are reduced to it. ``requestTimeout`` is allowed in
    /// any case.
    public var maxRequestTimeout = Duration.seconds(3600)
    /// How long the broker waits for the acknowledgement of a delivery at QoS 1 or 2 before it sends the delivery
    /// again.
    public var ackTimeout = Duration.seconds(2)
    /// How many times an unacknowledged delivery is sent again.
    public var sendRetries = 10
    /// The interval of the broker's WebSocket pings; two unanswered ones end a connection. With zero no pings are sent.
    public var pingInterval = Duration.seconds(30)
    /// How long a connection may take to finish the WebSocket handshake.
    public var handshakeTimeout = Duration.seconds(10)
    /// How long a shutdown waits in all: for calls and exchanges at QoS 1 and 2 to finish, for queued messages to
    /// leave, and for components to close their connections.
    public var drainTimeout = Duration.seconds(5)
    /// The number of event loop threads, at most 64. With 0 there is one per core less one for storage, and at least
    /// one.
    public var threads = 0
    /// Bytes of memory for the newest publications, which replay and slow subscribers read first; 0 keeps none in
    /// memory.
    public var storeBytes = 64 << 20
    /// Bytes of memory that the process is to stay within. With 0 it is half of what the machine or its control group
    /// has, and 2 GiB at most.
    public var memoryLimit = 0
    /// How far back a replay reaches at most; zero for no bound.
    public var replayWindow = Duration.zero
    /// The log level of the command `rembus broker`. A broker inside another program logs at the level of its logger.
    public var logLevel = Logger.Level.notice
    /// Who may connect and how connections are protected.
    public var security = SecurityConfiguration()
    /// Further protocols: HTTP, ZeroMQ, MQTT, metrics.
    public var gateways = GatewayConfiguration()
    /// What is written to the disk, and where.
    public var storage = StorageConfiguration()
    /// How the command writes its log. A program that embeds a broker passes a logger of its own instead.
    public var logFormat = LogFormat.text
    /// Upper bounds on what peers may use.
    public var limits = BrokerLimits()

    /// A configuration with every default.
    public init() {}

    /// The number of event loops of a broker with this configuration.
    package var eventLoopCount: Int {
        min(threads > 0 ? threads : max(1, System.coreCount - 1), RecordHeader.maxPartitions)
    }
}

/// Upper bounds on everything that peers control (docs/spec/known-defects.md S20).
public struct BrokerLimits: Sendable, Equatable {
    /// The largest message in bytes. A larger one closes its connection with code 1009.
    public var maxMessageBytes = 62_914_560
    /// The longest topic, in bytes of UTF-8.
    public var maxTopicBytes = 1024
    /// The most segments of a topic: its slashes plus one.
    public var maxTopicSegments = 64
    /// The longest component name, in bytes of UTF-8.
    public var maxNameBytes = 255
    /// The most subscriptions of one connection.
    public var maxSubscriptions = 10_000
    /// The most methods that one connection may expose.
    public var maxExposed = 10_000
    /// The most requests that may wait for the answer of one provider; further ones are answered with status 43.
    public var maxPendingCalls = 10_000
    /// The most requests of one connection that may wait for an answer; further ones are answered with status 10.
    public var maxCalls = 10_000
    /// The most connections in all; further ones are closed at once.
    public var maxConnections = 50_000
    /// The most connections from one address. All addresses of an IPv6 /64 network count as one.
    public var maxConnectionsPerAddress = 10_000
    /// The most new connections per second, in all, whose handshake the broker does.
    public var handshakesPerSecond = 5_000
    /// The most unacknowledged deliveries at QoS 1 and 2 to one component; further ones wait in the store.
    public var maxInFlight = 10_000
    /// The most bytes of unacknowledged deliveries at QoS 1 and 2 to one component; further deliveries wait in the
    /// store.
    public var maxInFlightBytes = 32 << 20
    /// The most bytes that may be queued for one connection; further publications wait in the store.
    public var maxBacklogBytes = 8 << 20
    /// What happens to a connection that does not read what is queued for it.
    public var slowConsumer = SlowConsumerPolicy.catchUp
    /// The most ids of QoS 2 publications that are remembered for each publisher to recognise duplicates. An id expires
    /// after 10 minutes.
    public var maxDuplicateIDs = 100_000
    /// The most names without a proof of identity whose subscriptions and marks are kept while they are disconnected.
    public var maxOfflineComponents = 100_000
    /// The most such names of one address, and the most sessions of one user who has proven its identity.
    public var maxOfflineComponentsPerAddress = 50_000
    /// The most bytes that subscriptions, exposed methods and the state of disconnected components may take in all, as
    /// the broker estimates them. An eighth is reserved for components that have proven their identity.
    public var maxRememberedBytes = 512 << 20
    /// The most such bytes of one address, and of one user who has proven its identity.
    public var maxRememberedBytesPerAddress = 256 << 20
    /// How long a disconnected component without a proof of identity is remembered; zero for ever.
    public var nameExpiry = Duration.seconds(7 * 86_400)

    /// All default limits.
    public init() {}
}

/// How the broker chooses one of several providers of a topic (docs/spec/behaviour.md §8).
public enum RoutingPolicy: String, Sendable, CaseIterable, Codable {
    /// The one that registered first.
    case firstUp = "first_up"
    /// Each provider in turn.
    case roundRobin = "round_robin"
    /// The one with the fewest unanswered requests; among equals the one that registered first.
    case lessBusy = "less_busy"
}

extension BrokerConfiguration {
    /// Whether the broker runs in authenticated mode.
    package var isAuthenticated: Bool { security.isAuthenticated }

    /// The broker as sentences name it. A broker with the default name is just "the broker".
    package var title: String { name == "broker" ? "the broker" : "the broker \(name)" }

    /// Whether only programs on this machine can connect.
    package var isLocal: Bool { ["127.0.0.1", "localhost", "::1"].contains(bareHost) }

    /// The host without the brackets in which URLs write an IPv6 address.
    private var bareHost: String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// The address of a listener: its Unix socket if it has one, otherwise its port.
    package func address(_ port: Int, _ socket: String?) -> ListenAddress {
        socket.map { .socket(path: $0, mode: UInt16(clamping: socketMode)) } ?? .port(host: bareHost, port)
    }
}

/// How the command writes its log to standard error.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One line of text per entry: time, level, message.
    case text
    /// One JSON object per line: `time`, `level`, `logger`, `source`, `message`, and `metadata` if there is any.
    case json
}

/// What happens to a subscriber that does not read what is queued for it.
public enum SlowConsumerPolicy: String, Sendable, CaseIterable, Codable {
    /// The subscriber continues from the store when it can take more. Publications that the store has dropped by then,
    /// the oldest first, are lost to the subscriber and counted.
    case catchUp = "catch_up"
    /// The subscriber is disconnected with code 1008.
    case disconnect
}
