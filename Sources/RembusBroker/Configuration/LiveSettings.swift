/// Settings that messages are handled by and that may change meanwhile: every lane has a copy of its own.
struct LiveSettings: Sendable {
    var limits: BrokerLimits
    var policy: RoutingPolicy
    var sendRetries: Int

    init(_ configuration: BrokerConfiguration) {
        (limits, policy) = (configuration.limits, configuration.policy)
        sendRetries = configuration.sendRetries
    }
}

extension StorageConfiguration {
    /// Whether the first pattern ends all recording.
    fileprivate var recordsNothing: Bool { record.first?.filter { $0 != " " } == "none" }
}

extension BrokerConfiguration {
    /// This configuration, with what a running broker can take over of another one.
    ///
    /// Listeners, files, threads and what depends on them stay: changing those needs a restart.
    package func adopting(_ other: BrokerConfiguration) -> BrokerConfiguration {
        var result = self
        result.policy = other.policy
        result.overwriteConnection = other.overwriteConnection
        result.sendRetries = other.sendRetries
        result.pingInterval = other.pingInterval
        result.handshakeTimeout = other.handshakeTimeout
        result.drainTimeout = other.drainTimeout
        result.logLevel = other.logLevel
        result.limits = other.limits
        result.limits.maxDuplicateIDs = limits.maxDuplicateIDs
        result.security.challengeTimeout = other.security.challengeTimeout
        result.security.allowsRegistration = other.security.allowsRegistration
        result.security.maxRegisterAttempts = other.security.maxRegisterAttempts
        result.security.allowedOrigins = other.security.allowedOrigins
        result.security.trustedProxies = other.security.trustedProxies
        // A broker that keeps nothing has no journal to begin with.
        if storage.recordsNothing == other.storage.recordsNothing { result.storage.record = other.storage.record }
        result.gateways.corsOrigins = other.gateways.corsOrigins
        if security.isSecure, other.security.isSecure {
            result.security.keystore = other.security.keystore
            result.security.clientAuthorities = other.security.clientAuthorities
            result.security.clientCertificates = other.security.clientCertificates
        }
        return result
    }
}
