package import Foundation
import Logging
import NIOCore
package import RembusBroker
package import RembusWire

/// Reads a broker's settings from the environment and its `settings.json` (behaviour.md §19).
///
/// One table has every key with its variable, so that environment, file, `--print-config` and documentation agree.
package enum BrokerSettings {
    package struct Key: Sendable {
        package let name: String
        let variable: String?
        let read: @Sendable (BrokerConfiguration) -> Value
        /// Sets the field. Returns false when the value has the wrong type or is out of range. Numbers and flags from
        /// the environment are texts.
        package let write: @Sendable (Value, inout BrokerConfiguration) -> Bool
        /// A description of usable values, which follows "must be".
        var expects = "something else"
    }

    package static let keys: [Key] =
        [
            Key(
                name: "name", variable: "REMBUS_NAME", read: { .text($0.name) },
                write: { value, configuration in
                    guard let name = value.stringValue, isName(name) else { return false }
                    configuration.name = name
                    return true
                },
                expects: "a text that can name a folder"),
            Key(
                name: "host", variable: "REMBUS_HOST", read: { .text($0.host) },
                write: { value, configuration in
                    value.stringValue.map { configuration.host = withoutBrackets($0) } != nil
                },
                expects: "an address"),
            Key(
                name: "log_level", variable: "REMBUS_LOG", read: { .text($0.logLevel.rawValue) },
                write: { value, configuration in
                    // `warn` is the word of the reference.
                    let word = value.stringValue?.lowercased()
                    guard let level = word.flatMap({ Logger.Level(rawValue: $0 == "warn" ? "warning" : $0) }) else {
                        return false
                    }
                    configuration.logLevel = level
                    return true
                }, expects: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")),
            webSocketPort, socketMode,
            choice("policy", "REMBUS_POLICY", \.policy),
            flag("overwrite_connection", "REMBUS_OVERWRITE_CONNECTION", \.overwriteConnection),
            flag("server", "REMBUS_SERVER", \.isServer),
            seconds("request_timeout", "REMBUS_TIMEOUT", \.requestTimeout),
            seconds("max_request_timeout", "REMBUS_MAX_REQUEST_TIMEOUT", \.maxRequestTimeout),
            seconds("ack_timeout", "REMBUS_ACK_TIMEOUT", \.ackTimeout),
            whole("send_retries", "REMBUS_SEND_RETRIES", 0...1_000_000, \.sendRetries),
            seconds("ws_ping_interval", "REMBUS_WS_PING_INTERVAL", \.pingInterval),
            seconds("handshake_timeout", "REMBUS_HANDSHAKE_TIMEOUT", \.handshakeTimeout),
            seconds("drain_timeout", "REMBUS_DRAIN_TIMEOUT", \.drainTimeout),
            whole("threads", "REMBUS_THREADS", 0...64, \.threads),
            memoryKey,
            whole("store_bytes", "REMBUS_STORE_BYTES", 0...(1 << 40), \.storeBytes),
            whole("max_ws_frame", "REMBUS_MAX_WS_FRAME", 1024...(1 << 30), \.limits.maxMessageBytes),
            whole("max_topic_bytes", "REMBUS_MAX_TOPIC_BYTES", 1...65535, \.limits.maxTopicBytes),
            whole("max_subscriptions", "REMBUS_MAX_SUBSCRIPTIONS", 1...10_000_000, \.limits.maxSubscriptions),
            whole("max_exposed", "REMBUS_MAX_EXPOSED", 1...10_000_000, \.limits.maxExposed),
            whole("max_pending_calls", "REMBUS_MAX_PENDING_CALLS", 1...65536, \.limits.maxPendingCalls),
            whole("max_in_flight", "REMBUS_MAX_IN_FLIGHT", 1...65536, \.limits.maxInFlight),
            whole("max_in_flight_bytes", "REMBUS_MAX_IN_FLIGHT_BYTES", 65536...(1 << 32), \.limits.maxInFlightBytes),
            whole("max_backlog_bytes", "REMBUS_MAX_BACKLOG_BYTES", 65536...(1 << 32), \.limits.maxBacklogBytes),
            whole("max_topic_segments", "REMBUS_MAX_TOPIC_SEGMENTS", 1...1024, \.limits.maxTopicSegments),
            whole("max_name_bytes", "REMBUS_MAX_NAME_BYTES", 1...1024, \.limits.maxNameBytes),
            whole("max_calls", "REMBUS_MAX_CALLS", 1...1_000_000, \.limits.maxCalls),
            whole("max_connections", "REMBUS_MAX_CONNECTIONS", 1...10_000_000, \.limits.maxConnections),
            whole(
                "max_connections_per_address", "REMBUS_MAX_CONNECTIONS_PER_ADDRESS", 1...10_000_000,
                \.limits.maxConnectionsPerAddress),
            whole("handshakes_per_second", "REMBUS_HANDSHAKES_PER_SECOND", 1...1_000_000, \.limits.handshakesPerSecond),
            choice("slow_consumer", "REMBUS_SLOW_CONSUMER", \.limits.slowConsumer),
            choice("log_format", "REMBUS_LOG_FORMAT", \.logFormat),
        ] + nameKeys + gatewayKeys + securityKeys + storageKeys

    /// Defaults, then environment, then `settings.json` of the broker with this name.
    ///
    /// - Parameter directory: The folder of the state of brokers; nil for the usual one.
    package static func load(name: String?, directory: String? = nil) throws -> BrokerConfiguration {
        var configuration = BrokerConfiguration()
        configuration.directory = directory
        let environment = ProcessInfo.processInfo.environment
        for key in keys {
            guard let variable = key.variable, let text = environment[variable], !text.isEmpty else { continue }
            guard key.write(.text(text), &configuration) else {
                throw BrokerError(
                    "`\(variable)` must be \(key.expects); found \(text.debugDescription) in the environment")
            }
        }
        if let name { configuration.name = name }
        try readFile(of: &configuration)
        if let name { configuration.name = name }
        return configuration
    }

    /// Whether a broker can have the name, which is also the name of a folder.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.contains("/") && name != "." && name != ".." && !name.contains("\0")
    }

    /// The folder that holds the state of brokers: `REMBUS_DIR` or, without it, the user's configuration folder.
    package static func directory() -> URL {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["REMBUS_DIR"], !path.isEmpty { return URL(fileURLWithPath: path) }
        if let path = environment["XDG_CONFIG_HOME"], !path.isEmpty {
            return URL(fileURLWithPath: path).appendingPathComponent("rembus")
        }
        return FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config/rembus")
    }

    /// All settings as a JSON object, sorted by key, in the form of `settings.json`.
    package static func json(of configuration: BrokerConfiguration) -> String {
        var buffer = ByteBuffer()
        Value.map(ValueMap(uniqueKeysWithValues: keys.map { ($0.name, $0.read(configuration)) }))
            .encodeJSON(into: &buffer, pretty: true, sortedKeys: true)
        return String(buffer: buffer)
    }

    // MARK: Kinds of settings

    static func whole(
        _ name: String, _ variable: String, _ range: ClosedRange<Int>,
        _ path: any WritableKeyPath<BrokerConfiguration, Int> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable, read: { .integer(Int64($0[keyPath: path])) },
            write: { value, configuration in
                guard let number = number(value), let whole = Int(exactly: number), range.contains(whole) else {
                    return false
                }
                configuration[keyPath: path] = whole
                return true
            }, expects: "a whole number, \(range.lowerBound)–\(range.upperBound)")
    }

    static func seconds(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, Duration> & Sendable,
        _ range: ClosedRange<Double> = 0...1e9
    ) -> Key {
        Key(
            name: name, variable: variable,
            read: { configuration in
                let seconds = configuration[keyPath: path] / .seconds(1)
                return Int64(exactly: seconds).map(Value.integer) ?? .float(seconds)
            },
            write: { value, configuration in
                guard let number = number(value), range.contains(number) else { return false }
                configuration[keyPath: path] = .milliseconds(Int64(number * 1000))
                return true
            }, expects: "a number of seconds, \(text(range.lowerBound))–\(text(range.upperBound))")
    }

    static func flag(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, Bool> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable, read: { .bool($0[keyPath: path]) },
            write: { value, configuration in
                // In the reference every other text means no. Here it is an error, so that a typing error does not switch
                // something off.
                let words = [
                    "1": true, "true": true, "yes": true, "on": true, "0": false, "false": false, "no": false,
                    "off": false,
                ]
                let flag = value.boolValue ?? value.stringValue.flatMap { words[$0.lowercased()] }
                if let flag { configuration[keyPath: path] = flag }
                return flag != nil
            }, expects: "true or false")
    }

    /// One of the cases of an enumeration, by its raw value.
    static func choice<Choice: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ variable: String, _ path: any WritableKeyPath<BrokerConfiguration, Choice> & Sendable
    ) -> Key {
        Key(
            name: name, variable: variable, read: { .text($0[keyPath: path].rawValue) },
            write: { value, configuration in
                guard let choice = value.stringValue.flatMap(Choice.init) else { return false }
                configuration[keyPath: path] = choice
                return true
            }, expects: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }

    /// A bound as text, without a fraction if it is whole.
    private static func text(_ bound: Double) -> String { Int64(exactly: bound).map(String.init) ?? "\(bound)" }

    static func number(_ value: Value) -> Double? {
        value.doubleValue ?? value.stringValue.flatMap(Double.init)
    }
}
