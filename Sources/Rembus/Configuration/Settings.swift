import Foundation
import NIOCore

/// The settings of one component, from all sources: explicit arguments, `settings.json`, the environment and the
/// defaults, in this order (behaviour.md §19).
struct Settings: Sendable {
    var requestTimeout = Self.standardRequestTimeout
    /// The default of `request_timeout`, in brokers and components.
    static let standardRequestTimeout = Duration.seconds(10)
    var acknowledgementTimeout: Duration = .seconds(2)
    var sendRetries = 10
    var pingInterval: Duration = .seconds(30)
    var zeroMQPingInterval: Duration = .seconds(30)
    var maxMessageBytes = Self.standardMaxMessageBytes
    private static let standardMaxMessageBytes = 62_914_560
    /// The largest message that may be sent. Brokers accept the standard size, unless they and this component are
    /// configured for more.
    var maxSentBytes: Int { max(maxMessageBytes, Self.standardMaxMessageBytes) }
    var startAnyway = false
    /// Whether the component waits for the broker's challenge.
    var isAuthenticated = false

    /// The keys of `settings.json`, with the environment variables of the same meaning.
    private enum Key {
        static let requestTimeout = ("request_timeout", "REMBUS_TIMEOUT")
        static let acknowledgementTimeout = ("ack_timeout", "REMBUS_ACK_TIMEOUT")
        static let sendRetries = ("send_retries", "REMBUS_SEND_RETRIES")
        static let pingInterval = ("ws_ping_interval", "REMBUS_WS_PING_INTERVAL")
        static let zeroMQPingInterval = ("zmq_ping_interval", "REMBUS_ZMQ_PING_INTERVAL")
        static let startAnyway = ("start_anyway", "REMBUS_START_ANYWAY")
        static let connectionMode = ("connection_mode", "REMBUS_CONNECTION_MODE")
        static let maxMessageBytes = ("max_ws_frame", "")
    }

    /// Reads all sources. `name` is the component's; nil for an anonymous one, which has no `settings.json`.
    ///
    /// Throws ``RembusError/Code/invalidSetting`` when a source has an unusable value.
    init(_ configuration: ComponentConfiguration, name: String?) throws(RembusError) {
        let sources = try SettingSources(configuration, name: name)
        let given = configuration
        requestTimeout = try sources.seconds(Key.requestTimeout, given.requestTimeout, else: requestTimeout)
        acknowledgementTimeout = try sources.seconds(
            Key.acknowledgementTimeout, given.acknowledgementTimeout, else: acknowledgementTimeout)
        pingInterval = try sources.seconds(Key.pingInterval, given.pingInterval, else: pingInterval, mayBeZero: true)
        zeroMQPingInterval = try sources.seconds(
            Key.zeroMQPingInterval, given.pingInterval, else: zeroMQPingInterval, mayBeZero: true)
        sendRetries = try sources.count(Key.sendRetries, given.sendRetries, else: sendRetries)
        maxMessageBytes = try sources.count(
            Key.maxMessageBytes, given.maxMessageBytes, else: maxMessageBytes, mayBeZero: false)
        startAnyway = try sources.flag(Key.startAnyway, given.startAnyway, else: startAnyway)
        if let mode = given.authenticated {
            isAuthenticated = mode
        } else {
            isAuthenticated = try Self.isAuthenticated(sources.text(Key.connectionMode))
        }
        try check()
        guard !isAuthenticated || name != nil else {
            throw Self.failure("An authenticated component needs a name: add it to the URL.")
        }
    }

    private static func isAuthenticated(_ mode: (text: String, origin: String)?) throws(RembusError) -> Bool {
        switch mode?.text {
        case nil, "anonymous"?: return false
        case "authenticated"?: return true
        default: throw failure("\(mode?.origin ?? "") must be `anonymous` or `authenticated`.")
        }
    }

    /// Checks the values of all sources, including explicit arguments.
    private func check() throws(RembusError) {
        guard requestTimeout > .zero else { throw Self.failure("The request timeout must be above zero.") }
        guard acknowledgementTimeout > .zero else {
            throw Self.failure("The acknowledgement timeout must be above zero.")
        }
        guard pingInterval >= .zero else { throw Self.failure("The ping interval must not be negative.") }
        guard sendRetries >= 0 else { throw Self.failure("The number of retries must not be negative.") }
        guard maxMessageBytes > 0 else { throw Self.failure("The largest message size must be above zero.") }
    }

    static func failure(_ message: String) -> RembusError { RembusError(.invalidSetting, message) }
}

extension ComponentConfiguration {
    /// The environment: the one of the configuration, or that of the process.
    var effectiveEnvironment: [String: String] { environment ?? ProcessInfo.processInfo.environment }

    /// The base of URLs: the explicit one, that of the environment, or the standard one.
    func resolvedBase() throws(RembusError) -> RembusURL {
        let variable = "REMBUS_BASE_URL"
        guard let text = baseURL ?? effectiveEnvironment[variable], !text.isEmpty else {
            return .standardBase
        }
        let name = baseURL == nil ? variable : "The base URL"
        guard text.contains("://") else {
            throw RembusError(.invalidURL, "\(name) `\(text)` needs a protocol, as in ws://localhost:8338.")
        }
        do {
            return try RembusURL(text)
        } catch {
            throw RembusError(error.code, baseURL == nil ? "\(variable): \(error.message)" : error.message)
        }
    }

    /// The folder below which components keep their settings.
    package func resolvedDirectory() -> String {
        if let directory { return directory }
        let environment = effectiveEnvironment
        if let directory = environment["REMBUS_DIR"], !directory.isEmpty { return directory }
        #if os(macOS)
        return (environment["HOME"] ?? "") + "/Library/Application Support/rembus"
        #else
        if let folder = environment["XDG_CONFIG_HOME"], !folder.isEmpty { return folder + "/rembus" }
        return (environment["HOME"] ?? "") + "/.config/rembus"
        #endif
    }
}
