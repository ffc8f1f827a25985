import RembusBroker
import RembusWire

/// Settings of the gateways besides WebSocket.
extension BrokerSettings {
    static let gatewayKeys: [Key] = [
        port("tcp", "REMBUS_TCP", \.tcpPort, \.tcpSocket),
        port("zmq", "REMBUS_ZMQ", \.gateways.zmqPort, \.gateways.zmqSocket),
        port("http", "REMBUS_HTTP", \.gateways.httpPort, \.gateways.httpSocket),
        Key(
            name: "http_prefix", variable: "REMBUS_HTTP_PREFIX", read: { .text($0.gateways.httpPrefix) },
            write: { value, configuration in
                guard let text = value.stringValue, isPrefix(text) else { return false }
                configuration.gateways.httpPrefix = text
                return true
            }, expects: "a path like /rembus"),
        texts("cors_origins", "REMBUS_CORS_ORIGINS", \.gateways.corsOrigins, "origins like https://panel.example, or *")
        {
            $0 == "*" || $0.contains("://")
        },
        port("prometheus", "REMBUS_PROMETHEUS", \.gateways.prometheusPort, \.gateways.prometheusSocket),
        whole("max_metric_topics", "REMBUS_MAX_METRIC_TOPICS", 0...1_000_000, \.gateways.maxMetricTopics),
        port("mqtt_listen", "REMBUS_MQTT_LISTEN", \.gateways.mqttPort, \.gateways.mqttSocket),
        seconds("max_mqtt_session_expiry", "REMBUS_MAX_MQTT_SESSION_EXPIRY", \.gateways.maxMQTTSessionExpiry),
        whole("max_retained_bytes", "REMBUS_MAX_RETAINED_BYTES", 0...(1 << 40), \.gateways.maxRetainedBytes),
        Key(
            // Printed settings must not show a password.
            name: "mqtt", variable: "REMBUS_MQTT_URL",
            read: { $0.gateways.mqttBridge.map { .text(SecretMask.masked($0)) } ?? .null },
            write: text("mqtt", "REMBUS_MQTT_URL", \.gateways.mqttBridge).write, expects: "a URL, mqtt://… or mqtts://…"
        ),
        texts("mqtt_topic_filter", "REMBUS_MQTT_TOPIC_FILTER", \.gateways.mqttTopicFilters, "MQTT topic filters") {
            !$0.isEmpty
        },
        texts("peers", "REMBUS_PEERS", \.gateways.peers, "URLs like ws://hub.example.org:8338/site-7") {
            $0.contains("://")
        },
        whole("max_bridge_queue", "REMBUS_MAX_BRIDGE_QUEUE", 1...10_000_000, \.gateways.maxBridgeQueue),
    ]

    static let gatewayMeanings = [
        "tcp": "the port for connections over plain TCP, or TLS with `secure`; 0 lets the system choose, null for none",
        "zmq": "the port for ZeroMQ (`zmq://`); 0 lets the system choose, null for none",
        "http": "the port for HTTP, or HTTPS with `secure`; 0 lets the system choose, null for none",
        "http_prefix":
            "what stands in front of every path of HTTP, such as `/rembus`, for a proxy that passes it on; empty for none",
        "cors_origins": "origins whose web pages may use the HTTP port, such as `https://panel.example`; `*` for all",
        "prometheus": "the port that answers with metrics and nothing else, null for none",
        "max_metric_topics": "topics with metrics of their own; the others share the label `other`",
        "mqtt_listen": "the port for MQTT clients, with TLS with `secure`; 0 lets the system choose, null for none",
        "max_mqtt_session_expiry": "seconds that a disconnected MQTT client's session is kept at most",
        "max_retained_bytes": "bytes of the last values of topics, retained MQTT messages among them",
        "mqtt": "the MQTT broker to be bridged with: `mqtt[s]://[user:password@]host[:port][/clientid]`; null for none",
        "mqtt_topic_filter": "MQTT topic filters that the bridge subscribes, separated by commas",
        "peers":
            "other brokers that this one is a node of: URLs with the name of this broker there, separated by commas",
        "max_bridge_queue": "messages that wait for the bridged broker at most; more are dropped",
    ]

    /// A port or a Unix socket; both may be missing.
    static func port(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, Int?> & Sendable,
        _ socket: any WritableKeyPath<BrokerConfiguration, String?> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable,
            read: { configuration in
                configuration[keyPath: socket].map { .text(ListenOption.socket($0).text) }
                    ?? configuration[keyPath: path].map { .integer(Int64($0)) } ?? .null
            },
            write: { value, configuration in
                guard value != .null else { return true }
                guard let option = listenOption(value) else { return false }
                configuration[keyPath: path] = option.port
                configuration[keyPath: socket] = option.socket
                return true
            }, expects: "a port, 0–65535, unix:PATH, or null")
    }

    /// The WebSocket port, which always exists, or a Unix socket in its place.
    static let webSocketPort = Key(
        name: "port", variable: "REMBUS_PORT",
        read: { $0.socket.map { .text(ListenOption.socket($0).text) } ?? .integer(Int64($0.port)) },
        write: { value, configuration in
            guard let option = listenOption(value) else { return false }
            if let port = option.port { configuration.port = port }
            configuration.socket = option.socket
            return true
        }, expects: "a whole number, 0–65535, or unix:PATH")

    /// The mode of files, in octal as for `chmod`.
    static let socketMode = Key(
        name: "socket_mode", variable: "REMBUS_SOCKET_MODE",
        read: {
            .text(String(repeating: "0", count: $0.socketMode < 0o1000 ? 1 : 0) + String($0.socketMode, radix: 8))
        },
        write: { value, configuration in
            guard let text = value.stringValue, let mode = Int(text, radix: 8), (0...0o777).contains(mode) else {
                return false
            }
            configuration.socketMode = mode
            return true
        }, expects: "an octal text like \"0660\"")

    private static func listenOption(_ value: Value) -> ListenOption? {
        let option =
            value.stringValue.flatMap(ListenOption.init(argument:))
            ?? number(value).flatMap(Int.init(exactly:)).map(ListenOption.port)
        return option?.isUsable == true ? option : nil
    }

    /// Empty, or `/rembus`, `/a/b`.
    package static func isPrefix(_ text: String) -> Bool {
        if text.isEmpty { return true }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        return segments.count > 1 && segments[0].isEmpty
            && segments.dropFirst().allSatisfy { segment in
                !segment.isEmpty && segment != "." && segment != ".."
                    && segment.utf8.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"):
                            true
                        default: "-._~".utf8.contains(byte)
                        }
                    }
            }
    }

    /// URLs write `::1` as `[::1]`.
    package static func withoutBrackets(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2 ? String(host.dropFirst().dropLast()) : host
    }

    /// Several texts: an array, or one text with commas or spaces between them.
    static func texts(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, [String]> & Sendable,
        _ kind: String, _ isUsable: @escaping @Sendable (String) -> Bool
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
            }, expects: "a list of \(kind)")
    }
}
