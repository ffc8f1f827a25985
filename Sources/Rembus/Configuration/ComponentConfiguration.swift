public import Logging
public import NIOCore
import NIOPosix
public import RembusIdentity

/// The settings of a component. Every field has a default that suits most programs.
///
/// A field that is nil takes its value from `<directory>/<name>/settings.json`, otherwise from the environment,
/// otherwise the default that its description states (docs/spec/behaviour.md §19).
public struct ComponentConfiguration: Sendable {
    /// The encoding of outgoing messages; by default CBOR.
    public var encoding: MessageEncoding = .cbor

    /// The time limit of a call, a command or the login. Default 10 s; `request_timeout`, `REMBUS_TIMEOUT`.
    public var requestTimeout: Duration?

    /// How long to wait for the acknowledgement of a publication at QoS 1 or 2 before it is sent again. Default 2 s;
    /// `ack_timeout`, `REMBUS_ACK_TIMEOUT`.
    public var acknowledgementTimeout: Duration?

    /// How many times an unacknowledged publication is sent again before it fails. Default 10; `send_retries`,
    /// `REMBUS_SEND_RETRIES`.
    public var sendRetries: Int?

    /// The interval of pings over WebSocket and ZeroMQ. A broker that is silent for two intervals counts as lost. With
    /// zero no pings are sent. Default 30 s; `ws_ping_interval`, `REMBUS_WS_PING_INTERVAL`; `zmq_ping_interval`,
    /// `REMBUS_ZMQ_PING_INTERVAL`.
    public var pingInterval: Duration?

    /// The largest message that is accepted, in bytes; a larger one ends the connection. Default 60 MiB;
    /// `max_ws_frame`. Messages that are sent may have this size or the default, whichever is larger.
    public var maxMessageBytes: Int?

    /// Whether connecting succeeds although the broker cannot be reached yet. The component then keeps trying. Default
    /// false; `start_anyway`, `REMBUS_START_ANYWAY`.
    public var startAnyway: Bool?

    /// The credential that proves the component's name. By default the one in `<directory>/<name>/.secret`, where
    /// ``Component/register(_:pin:scheme:configuration:)`` stores the key. A broker that knows no key for the name does
    /// not ask for a proof.
    public var credential: Credential?

    /// Whether the component waits for the broker's challenge before it sends anything. This works with brokers in
    /// authenticated mode only. They do not require it, but it makes sure that the component never logs in without a
    /// proof. Default false; `connection_mode` = `authenticated`, `REMBUS_CONNECTION_MODE`.
    public var authenticated: Bool?

    /// The folder of settings and keys. Default `REMBUS_DIR`, otherwise `rembus` in the user's configuration folder.
    public var directory: String?

    /// The URL that supplies missing parts of other URLs. Default `REMBUS_BASE_URL`, otherwise `ws://127.0.0.1:8338`.
    public var baseURL: String?

    /// Whether subscribing also starts delivery. Default true. When false, nothing is delivered before `reactive()`.
    public var isReactive = true

    /// The trusted authorities, and the component's certificate, for `wss` connections.
    public var tls = TLSOptions()

    /// The pauses between attempts to reconnect.
    public var reconnect = ReconnectPolicy()

    /// How many bytes may wait for the network before `publish` and `call` suspend. Default 1 MiB.
    public var maxUnsentBytes = 1 << 20

    /// How many requests of other components may be executing at a time; further ones are answered with status 43.
    /// Default 16 384.
    public var maxConcurrentRequests = 16_384

    /// The logger of the component. By default it discards everything.
    public var logger = Logger(label: "rembus", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The threads of connections, of which a component uses one. By default the group that the whole process shares.
    public var eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

    /// Whether challenges are ignored, because the connection registers a name and stays anonymous.
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
