/// The settings of all protocols besides WebSocket and TCP.
public struct GatewayConfiguration: Sendable, Equatable {
    /// The port of the ZeroMQ ROUTER socket (docs/spec/protocol.md §12); nil for none, 0 lets the system choose.
    public var zmqPort: Int?
    /// The path of a Unix socket for ZeroMQ, in place of the port; nil for none.
    public var zmqSocket: String?
    /// The port for HTTP, or for HTTPS when connections are secure; nil for none, 0 lets the system choose.
    public var httpPort: Int?
    /// The path of a Unix socket for HTTP, in place of the port; nil for none.
    public var httpSocket: String?
    /// A prefix of all paths of the HTTP gateway, such as `/rembus`; empty for none.
    public var httpPrefix = ""
    /// The origins whose web pages may use the HTTP gateway; `*` for all, empty for none (docs/spec/known-defects.md
    /// S19).
    public var corsOrigins: [String] = []
    /// The port of a listener that serves metrics only; nil for none, 0 lets the system choose.
    public var prometheusPort: Int?
    /// The path of a Unix socket for metrics, in place of the port; nil for none.
    public var prometheusSocket: String?
    /// The most topics that get metrics of their own; all others share the label `other`.
    public var maxMetricTopics = 1000
    /// The port for MQTT clients, with TLS when connections are secure; nil for none, 0 lets the system choose.
    public var mqttPort: Int?
    /// The path of a Unix socket for MQTT clients, in place of the port; nil for none.
    public var mqttSocket: String?
    /// How long the session of a disconnected MQTT client is kept at most.
    public var maxMQTTSessionExpiry = Duration.seconds(7 * 86_400)
    /// The most bytes of the last values of topics, retained MQTT messages included.
    public var maxRetainedBytes = 256 << 20
    /// The URL of an MQTT broker to bridge with, `mqtt[s]://[user:password@]host[:port][/clientid]`; nil for none.
    public var mqttBridge: String?
    /// The topic filters that the bridge subscribes to at that broker.
    public var mqttTopicFilters = ["#"]
    /// The most messages that may wait for the bridged broker; further ones are dropped and counted.
    public var maxBridgeQueue = 10_000

    /// Other brokers that this one is a node of: a URL of each, with the name of this broker there as in
    /// `ws://hub.example.org:8338/site-7`.
    public var peers: [String] = []

    /// Every default: no further gateways.
    public init() {}
}
