public import Logging
public import NIOCore
import NIOPosix
public import RembusIdentity

/// How a component behaves. Every field has a default that suits most programs.
///
/// A field that is nil takes its value from `<directory>/<name>/settings.json`, else from the environment, else from the
/// default that its description names (docs/spec/behaviour.md §19).
public struct ComponentConfiguration: Sendable {
    /// How outgoing messages are encoded, default CBOR.
    public var encoding: MessageEncoding = .cbor

    /// How long a call, a command or the login may take. Default 10 s, `request_timeout`, `REMBUS_TIMEOUT`.
    public var requestTimeout: Duration?

    /// How long to wait for the acknowledgement of a QoS 1 or 2 publication before it is sent again.
    /// Default 2 s, `ack_timeout`, `REMBUS_ACK_TIMEOUT`.
    public var acknowledgementTimeout: Duration?

    /// How often an unacknowledged publication is sent again before it fails. Default 10, `send_retries`,
    /// `REMBUS_SEND_RETRIES`.
    public var sendRetries: Int?

    /// The interval of pings over WebSocket and ZeroMQ; a broker that is silent for two of them counts as lost, zero sends
    /// none. Default 30 s; `ws_ping_interval`, `REMBUS_WS_PING_INTERVAL`; `zmq_ping_interval`, `REMBUS_ZMQ_PING_INTERVAL`.
    public var pingInterval: Duration?

    /// The largest message accepted, in bytes; a larger one ends the connection. Default 60 MiB, `max_ws_frame`. What is sent
    /// may have this size or the default, whichever is more.
    public var maxMessageBytes: Int?

    /// Whether connecting succeeds although the broker cannot be reached yet; the component then keeps trying.
    /// Default false, `start_anyway`, `REMBUS_START_ANYWAY`.
    public var startAnyway: Bool?

    /// What the component proves its name with. Default: what is in `<directory>/<name>/.secret`, where
    /// ``Component/register(_:pin:scheme:configuration:)`` puts the key. A broker that knows no key of the name asks for none.
    public var credential: Credential?

    /// Whether to wait for the broker's challenge before saying anything. It works with brokers in
    /// authenticated mode only; with those it is not needed, but keeps the component from ever logging in without a proof.
    /// Default false, `connection_mode` = `authenticated`, `REMBUS_CONNECTION_MODE`.
    public var authenticated: Bool?

    /// Where settings and keys live. Default `REMBUS_DIR`, else `rembus` in the user's configuration folder.
    public var directory: String?

    /// What URLs leave out. Default `REMBUS_BASE_URL`, else `ws://127.0.0.1:8338`.
    public var baseURL: String?

    /// Whether subscribing also starts delivery. Default true; when false nothing arrives before `reactive()`.
    public var isReactive = true

    /// Authorities and certificates of `wss` connections.
    public var tls = TLSOptions()

    /// How a lost connection is replaced.
    public var reconnect = ReconnectPolicy()

    /// How many bytes may wait for the socket before `publish` and `call` suspend. Default 1 MiB.
    public var maxUnsentBytes = 1 << 20

    /// How many requests of peers may be in execution; more are answered with status 43. Default 16 384.
    public var maxConcurrentRequests = 16_384

    /// Where the component logs. Quiet by default.
    public var logger = Logger(label: "rembus", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The threads that connections live on; a component uses one of them. Default: the group shared by the process.
    public var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    /// Whether a challenge is of no interest: the connection registers a name and stays anonymous.
    var ignoresChallenges = false

    /// Replaces the environment of the process, for tests.
    package var environment: [String: String]?

    /// Makes a configuration in which every field has its default.
    public init() {}

    /// Makes a configuration and lets `adjust` change it: `.init { $0.encoding = .json }`.
    public init(_ adjust: (inout ComponentConfiguration) -> Void) {
        adjust(&self)
    }
}
