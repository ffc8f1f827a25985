import RembusBroker
import RembusWire

/// Settings of the doors besides WebSocket.
extension BrokerSettings {
    static let doorKeys: [Key] = [
        port("tcp", "REMBUS_TCP", \.tcpPort),
        port("zmq", "REMBUS_ZMQ", \.doors.zmqPort),
        port("http", "REMBUS_HTTP", \.doors.httpPort),
        texts("cors_origins", "REMBUS_CORS_ORIGINS", \.doors.corsOrigins) { $0 == "*" || $0.contains("://") },
        port("prometheus", "REMBUS_PROMETHEUS", \.doors.prometheusPort),
        whole("max_metric_topics", "REMBUS_MAX_METRIC_TOPICS", 0...1_000_000, \.doors.maxMetricTopics),
        port("mqtt_listen", "REMBUS_MQTT_LISTEN", \.doors.mqttPort),
        seconds("max_mqtt_session_expiry", "REMBUS_MAX_MQTT_SESSION_EXPIRY", \.doors.maxMQTTSessionExpiry),
        whole("max_retained_bytes", "REMBUS_MAX_RETAINED_BYTES", 0...(1 << 40), \.doors.maxRetainedBytes),
        Key(
            // What is printed must not show a password.
            name: "mqtt", variable: "REMBUS_MQTT_URL",
            read: { $0.doors.mqttBridge.map { .text(SecretMask.masked($0)) } ?? .null },
            write: text("mqtt", "REMBUS_MQTT_URL", \.doors.mqttBridge).write),
        texts("mqtt_topic_filter", "REMBUS_MQTT_TOPIC_FILTER", \.doors.mqttTopicFilters) { !$0.isEmpty },
        whole("max_bridge_queue", "REMBUS_MAX_BRIDGE_QUEUE", 1...10_000_000, \.doors.maxBridgeQueue),
    ]

    static let doorMeanings = [
        "tcp": "the port for connections over plain TCP, or TLS with `secure`; 0 lets the system choose, null for none",
        "zmq": "the port for ZeroMQ (`zmq://`); 0 lets the system choose, null for none",
        "http": "the port for HTTP, or HTTPS with `secure`; 0 lets the system choose, null for none",
        "cors_origins": "origins whose web pages may use the HTTP port, such as `https://panel.example`; `*` for all",
        "prometheus": "the port that answers with metrics and nothing else, null for none",
        "max_metric_topics": "topics with metrics of their own; the others share the label `other`",
        "mqtt_listen": "the port for MQTT clients, with TLS with `secure`; 0 lets the system choose, null for none",
        "max_mqtt_session_expiry": "seconds that a disconnected MQTT client's session is kept at most",
        "max_retained_bytes": "bytes of retained MQTT messages",
        "mqtt": "the MQTT broker to be bridged with: `mqtt[s]://[user:password@]host[:port][/clientid]`; null for none",
        "mqtt_topic_filter": "MQTT topic filters that the bridge subscribes, separated by commas",
        "max_bridge_queue": "messages that wait for the bridged broker at most; more are dropped",
    ]

    /// A port that may be missing.
    static func port(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, Int?> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable, read: { $0[keyPath: path].map { .integer(Int64($0)) } ?? .null },
            write: { value, configuration in
                guard value != .null else { return true }
                guard let port = number(value).flatMap(Int.init(exactly:)), (0...65535).contains(port) else {
                    return false
                }
                configuration[keyPath: path] = port
                return true
            })
    }

    /// Several texts: an array, or one text with commas or spaces between them.
    private static func texts(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, [String]> & Sendable,
        _ isUsable: @escaping @Sendable (String) -> Bool
    ) -> Key {
        Key(
            name: name, variable: variable, read: { .array($0[keyPath: path].map { .text($0) }) },
            write: { value, configuration in
                let texts =
                    value.arrayValue?.map(\.stringValue)
                    ?? value.stringValue?.split { $0 == "," || $0 == " " }.map { String($0) }
                guard let texts, !texts.contains(nil) else { return false }
                configuration[keyPath: path] = texts.compactMap { $0 }
                return configuration[keyPath: path].allSatisfy(isUsable)
            })
    }
}
