import Logging
import Testing

@testable import RembusBroker

/// `Broker(configuration:logger:)` does what its configuration says, or throws.
@Suite("Configuration of a broker in memory")
struct InMemoryBrokerTests {
    private static let standard = BrokerConfiguration.fields(of: BrokerConfiguration())

    @Test("Every field has a decision; a new one needs its own")
    func everyFieldIsDecided() {
        let fields = Set(Self.standard.map(\.path))
        #expect(fields == Set(BrokerConfiguration.inMemorySupport.keys))
        // What has fields of its own must be looked into, or its changes could go unnoticed.
        let composite = Mirror(reflecting: BrokerConfiguration()).children.filter {
            Mirror(reflecting: $0.value).displayStyle == .struct && !($0.value is Duration)
        }
        #expect(Set(composite.compactMap(\.label)) == ["security", "gateways", "storage", "limits"])
    }

    /// One configuration for each field that needs what a broker in memory has not got.
    private static let refused: [(path: String, set: @Sendable (inout BrokerConfiguration) -> Void)] = [
        ("directory", { $0.directory = "state" }),
        ("logLevel", { $0.logLevel = .debug }),
        ("logFormat", { $0.logFormat = .json }),
        ("security.isAuthenticated", { $0.security.isAuthenticated = true }),
        ("security.challengeTimeout", { $0.security.challengeTimeout = .seconds(1) }),
        ("security.maxRegisterAttempts", { $0.security.maxRegisterAttempts = 1 }),
        ("security.isSecure", { $0.security.isSecure = true }),
        ("security.keystore", { $0.security.keystore = "keys" }),
        ("security.clientAuthorities", { $0.security.clientAuthorities = "ca.pem" }),
        ("security.clientCertificates", { $0.security.clientCertificates = .required }),
        ("security.auditLog", { $0.security.auditLog = "audit.log" }),
        ("security.auditMaxBytes", { $0.security.auditMaxBytes = 1 }),
        ("gateways.zmqPort", { $0.gateways.zmqPort = 0 }),
        ("gateways.zmqSocket", { $0.gateways.zmqSocket = "/run/x" }),
        ("gateways.httpSocket", { $0.gateways.httpSocket = "/run/x" }),
        ("gateways.httpPrefix", { $0.gateways.httpPrefix = "/x" }),
        ("gateways.prometheusSocket", { $0.gateways.prometheusSocket = "/run/x" }),
        ("gateways.mqttSocket", { $0.gateways.mqttSocket = "/run/x" }),
        ("gateways.httpPort", { $0.gateways.httpPort = 0 }),
        ("gateways.corsOrigins", { $0.gateways.corsOrigins = ["*"] }),
        ("gateways.prometheusPort", { $0.gateways.prometheusPort = 0 }),
        ("gateways.mqttPort", { $0.gateways.mqttPort = 0 }),
        ("gateways.maxMQTTSessionExpiry", { $0.gateways.maxMQTTSessionExpiry = .zero }),
        ("gateways.maxRetainedBytes", { $0.gateways.maxRetainedBytes = 1 }),
        ("gateways.mqttBridge", { $0.gateways.mqttBridge = "mqtt://localhost" }),
        ("gateways.mqttTopicFilters", { $0.gateways.mqttTopicFilters = [] }),
        ("gateways.maxBridgeQueue", { $0.gateways.maxBridgeQueue = 1 }),
        ("gateways.peers", { $0.gateways.peers = ["ws://localhost/site"] }),
        ("storage.schemaFile", { $0.storage.schemaFile = "schema.json" }),
        ("storage.record", { $0.storage.record = ["none"] }),
        ("storage.journalSync", { $0.storage.journalSync = .none }),
        ("storage.journalSyncInterval", { $0.storage.journalSyncInterval = .zero }),
        ("storage.journalRetainedBytes", { $0.storage.journalRetainedBytes = 1 }),
        ("storage.journalMaxBytes", { $0.storage.journalMaxBytes = 1 }),
        ("storage.lakeURL", { $0.storage.lakeURL = "ducklake:x" }),
        ("storage.lakeDataPath", { $0.storage.lakeDataPath = "x" }),
        ("storage.ignoresDataPath", { $0.storage.ignoresDataPath = true }),
        ("storage.archiverInterval", { $0.storage.archiverInterval = .zero }),
        ("storage.lakeMemoryBytes", { $0.storage.lakeMemoryBytes = 1 }),
        ("storage.lakeThreads", { $0.storage.lakeThreads = 1 }),
        ("storage.queryThreads", { $0.storage.queryThreads = 1 }),
        ("storage.inliningRows", { $0.storage.inliningRows = 1 }),
        ("storage.maintenanceInterval", { $0.storage.maintenanceInterval = .zero }),
        ("storage.snapshotRetention", { $0.storage.snapshotRetention = .zero }),
    ]

    @Test("What it does not do, it refuses by name", arguments: refused.indices)
    func refusal(index: Int) {
        let (path, set) = Self.refused[index]
        var configuration = BrokerConfiguration()
        set(&configuration)
        let error = #expect(throws: BrokerError.self) { try configuration.checkInMemory() }
        #expect(error?.description.contains("`\(path)` needs ") == true)
    }

    @Test("Every field that is refused has such a test")
    func refusedFieldsAreTested() {
        let missing = BrokerConfiguration.inMemorySupport.filter { if case .missing = $0.value { true } else { false } }
        #expect(Set(missing.keys) == Set(Self.refused.map(\.path)))
    }

    @Test("The public initializer asks")
    func initializer() {
        var configuration = BrokerConfiguration()
        configuration.security.isSecure = true
        #expect(throws: BrokerError.self) {
            try Broker(configuration: configuration, logger: Logger(label: "test"))
        }
    }

    @Test("What it does is no error")
    func honoured() throws {
        var configuration = BrokerConfiguration()
        configuration.port = 0
        configuration.tcpPort = 0
        configuration.threads = 2
        configuration.storeBytes = 1 << 20
        configuration.security.auditLog = "none"
        configuration.security.allowsRegistration = false
        configuration.limits.maxCalls = 3
        try configuration.checkInMemory()
    }

    @Test("A port that does not exist is an error, not a trap", arguments: [-1, 65536])
    func port(number: Int) {
        var configuration = BrokerConfiguration()
        configuration.port = number
        #expect(throws: BrokerError.self) { try configuration.checkInMemory() }
        configuration.port = 0
        configuration.tcpPort = number
        #expect(throws: BrokerError.self) { try configuration.checkInMemory() }
    }
}
