/// Settings that handling a message needs and that may change while the broker runs. Every lane has a copy.
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
    /// Whether the first pattern turns all recording off.
    fileprivate var recordsNothing: Bool { record.first?.filter { $0 != " " } == "none" }
}

extension BrokerConfiguration {
    /// Returns this configuration with those settings of another one that a running broker can take over.
    ///
    /// Listeners, files, threads and all that depends on them stay as they are: changing those needs a restart.
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
        // A broker that records nothing was started without a journal, so recording cannot be turned on later, nor off.
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
