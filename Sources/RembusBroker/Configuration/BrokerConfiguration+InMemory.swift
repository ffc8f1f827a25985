/// What a broker made by ``Broker/init(configuration:logger:)`` supports: one in memory, without storage, keys,
/// certificates and further listeners.
extension BrokerConfiguration {
    /// How a broker in memory treats a field of the configuration.
    enum InMemorySupport {
        /// The broker does what the field says.
        case honoured
        /// The field needs something that a broker in memory lacks, so that any value but the default is an error. The
        /// text names what is missing.
        case missing(String)
    }

    /// How each field is treated, by its path. A field that is missing here is refused when it differs from the
    /// default; a test makes sure that none is missing.
    static let inMemorySupport: [String: InMemorySupport] = {
        let files = "files of a state directory"
        let keys = "a store of keys"
        let listeners = "a listener that is not part of this broker"
        let tls = "a certificate"
        var support: [String: InMemorySupport] = [:]
        for name in [
            "name", "host", "port", "socket", "tcpPort", "tcpSocket", "socketMode", "policy", "overwriteConnection",
            "isServer", "requestTimeout",
            "maxRequestTimeout", "ackTimeout", "sendRetries", "pingInterval", "handshakeTimeout", "drainTimeout",
            "threads", "memoryLimit", "storeBytes", "replayWindow", "security.trustsNames",
            "security.allowsRegistration", "security.allowedOrigins", "security.trustedProxies",
            "gateways.maxMetricTopics", "limits.maxMessageBytes", "limits.maxTopicBytes",
            "limits.maxTopicSegments", "limits.maxNameBytes", "limits.maxSubscriptions", "limits.maxExposed",
            "limits.maxPendingCalls", "limits.maxCalls", "limits.maxConnections", "limits.maxConnectionsPerAddress",
            "limits.handshakesPerSecond", "limits.maxInFlight", "limits.maxInFlightBytes", "limits.maxBacklogBytes",
            "limits.slowConsumer", "limits.maxDuplicateIDs", "limits.maxOfflineComponents",
            "limits.maxOfflineComponentsPerAddress", "limits.maxRememberedBytes", "limits.maxRememberedBytesPerAddress",
            "limits.nameExpiry",
        ] { support[name] = .honoured }
        support["storage.lastValues"] = .honoured
        for name in ["isAuthenticated", "challengeTimeout", "maxRegisterAttempts"] {
            support["security.\(name)"] = .missing(keys)
        }
        for name in ["isSecure", "keystore", "clientAuthorities", "clientCertificates"] {
            support["security.\(name)"] = .missing(tls)
        }
        support["gateways.peers"] = .missing("a gateway that dials other brokers")
        support["directory"] = .missing(files)
        support["logLevel"] = .missing("the log of the command")
        support["logFormat"] = .missing("a log of the command's own")
        for name in ["auditLog", "auditMaxBytes"] { support["security.\(name)"] = .missing(files) }
        for name in [
            "zmqPort", "zmqSocket", "httpPort", "httpSocket", "httpPrefix", "corsOrigins", "prometheusPort",
            "prometheusSocket", "mqttPort", "mqttSocket", "maxMQTTSessionExpiry",
            "maxRetainedBytes", "mqttBridge", "mqttTopicFilters", "maxBridgeQueue",
        ] { support["gateways.\(name)"] = .missing(listeners) }
        for name in [
            "schemaFile", "record", "journalSync", "journalSyncInterval", "journalRetainedBytes", "journalMaxBytes",
            "lakeURL", "lakeDataPath", "ignoresDataPath", "archiverInterval", "lakeMemoryBytes", "lakeThreads",
            "queryThreads", "inliningRows", "maintenanceInterval", "snapshotRetention",
        ] { support["storage.\(name)"] = .missing(files) }
        return support
    }()

    /// Every field with its path and its value as text.
    static func fields(of configuration: BrokerConfiguration) -> [(path: String, value: String)] {
        let groups: Set = ["security", "gateways", "storage", "limits"]
        return Mirror(reflecting: configuration).children.flatMap { child -> [(path: String, value: String)] in
            let name = child.label ?? ""
            guard groups.contains(name) else { return [(name, "\(child.value)")] }
            return Mirror(reflecting: child.value).children.map { ("\(name).\($0.label ?? "")", "\($0.value)") }
        }
    }

    /// Throws when the configuration asks for something that a broker in memory lacks, or for a port that does not
    /// exist.
    func checkInMemory() throws(BrokerError) {
        let standard = Dictionary(
            Self.fields(of: BrokerConfiguration()).map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
        for (path, value) in Self.fields(of: self) where standard[path] != value {
            switch Self.inMemorySupport[path] {
            case .honoured?: continue
            // A broker in memory has no audit log, so asking for none is no error.
            case .missing? where path == "security.auditLog" && security.auditLog == "none": continue
            case .missing(let what)?:
                throw BrokerError(
                    "`\(path)` needs \(what), which Broker(configuration:logger:) does not have. Leave it at its default, or "
                        + "run the command `rembus broker`, which does it.")
            case nil:
                throw BrokerError(
                    "`\(path)` is not known to Broker(configuration:logger:). Leave it at its default, or run the command "
                        + "`rembus broker`.")
            }
        }
        for (path, port) in [("port", port), ("tcpPort", tcpPort ?? 0)] where !(0...65535).contains(port) {
            throw BrokerError("`\(path)` must be 0–65535; found \(port). Choose a port in that range, or 0 for any.")
        }
    }
}
