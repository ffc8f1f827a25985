/// The doors besides WebSocket and TCP, and what they need.
public struct DoorConfiguration: Sendable, Equatable {
    /// Port of the ZeroMQ ROUTER socket (protocol.md §12); nil for none, 0 lets the system choose.
    public var zmqPort: Int?
    /// Port for HTTP, with TLS for HTTPS; nil for none, 0 lets the system choose.
    public var httpPort: Int?
    /// Web pages of these origins may use the HTTP door; `*` for all. Empty: none (known-defects.md S19).
    public var corsOrigins: [String] = []
    /// Port that answers with metrics and nothing else; nil for none, 0 lets the system choose.
    public var prometheusPort: Int?
    /// How many topics have metrics of their own; the rest share the label `other`.
    public var maxMetricTopics = 1000
    /// Port for MQTT clients, with TLS for `mqtts`; nil for none, 0 lets the system choose.
    public var mqttPort: Int?
    /// Longest time that a disconnected MQTT client's session is kept.
    public var maxMQTTSessionExpiry = Duration.seconds(7 * 86_400)
    /// Bytes of retained MQTT messages.
    public var maxRetainedBytes = 256 << 20
    /// An MQTT broker to be bridged with, `mqtt[s]://[user:password@]host[:port][/clientid]`; nil for none.
    public var mqttBridge: String?
    /// What the bridge subscribes there.
    public var mqttTopicFilters = ["#"]
    /// Messages that wait for the bridged broker at most; more are dropped and counted.
    public var maxBridgeQueue = 10_000

    /// Every default: no further doors.
    public init() {}
}
