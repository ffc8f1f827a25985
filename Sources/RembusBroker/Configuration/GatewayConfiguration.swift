/// The gateways besides WebSocket and TCP, and what they need.
public struct GatewayConfiguration: Sendable, Equatable {
    /// Port of the ZeroMQ ROUTER socket (docs/spec/protocol.md §12); nil for none, 0 lets the system choose.
    public var zmqPort: Int?
    /// Path of a Unix socket for ZeroMQ, in place of the port; nil for none.
    public var zmqSocket: String?
    /// Port for HTTP, with TLS for HTTPS; nil for none, 0 lets the system choose.
    public var httpPort: Int?
    /// Path of a Unix socket for HTTP, in place of the port; nil for none.
    public var httpSocket: String?
    /// What stands in front of every path of the HTTP gateway, such as `/rembus`; empty for nothing.
    public var httpPrefix = ""
    /// Web pages of these origins may use the HTTP gateway; `*` for all. Empty: none (docs/spec/known-defects.md S19).
    public var corsOrigins: [String] = []
    /// Port that answers with metrics and nothing else; nil for none, 0 lets the system choose.
    public var prometheusPort: Int?
    /// Path of a Unix socket for metrics, in place of the port; nil for none.
    public var prometheusSocket: String?
    /// How many topics have metrics of their own; the rest share the label `other`.
    public var maxMetricTopics = 1000
    /// Port for MQTT clients, with TLS for `mqtts`; nil for none, 0 lets the system choose.
    public var mqttPort: Int?
    /// Path of a Unix socket for MQTT clients, in place of the port; nil for none.
    public var mqttSocket: String?
    /// Longest time that a disconnected MQTT client's session is kept.
    public var maxMQTTSessionExpiry = Duration.seconds(7 * 86_400)
    /// Bytes of the last values of topics, retained MQTT messages among them.
    public var maxRetainedBytes = 256 << 20
    /// An MQTT broker to be bridged with, `mqtt[s]://[user:password@]host[:port][/clientid]`; nil for none.
    public var mqttBridge: String?
    /// What the bridge subscribes there.
    public var mqttTopicFilters = ["#"]
    /// Messages that wait for the bridged broker at most; more are dropped and counted.
    public var maxBridgeQueue = 10_000

    /// Other brokers that this one is a node of: a URL of each, with the name of this broker there as in
    /// `ws://hub.example.org:8338/site-7`.
    public var peers: [String] = []

    /// Every default: no further gateways.
    public init() {}
}
