import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// What all lanes of one broker share. Constants, and things that guard themselves.
///
/// `lanes` is set once before the first connection is accepted and never again, hence unchecked.
final class BrokerCore: @unchecked Sendable {
    let configuration: BrokerConfiguration
    let logger: Logger
    let storage: BrokerStorage
    let store: any Store
    let tables: RoutingTables
    let trust: BrokerTrust
    let identities: IdentityService
    let admission: ConnectionAdmission
    let counters = BrokerCounters()
    private(set) var lanes: [Lane] = []
    /// Tells swift-metrics about the whole broker; nil when nobody listens. Set once, as `lanes`.
    private(set) var reporter: BrokerReporter?
    let metricTopics: MetricTopics
    private let onShutdownRequest = Mutex<(@Sendable () -> Void)?>(nil)
    private let onLogLevel = Mutex<(@Sendable (Logger.Level) -> Void)?>(nil)
    private let onChannelEnd = Mutex<(@Sendable () -> Void)?>(nil)

    /// Marks what this broker has passed on to others; below 2⁵³, as JSON peers need (protocol.md §9.2).
    let meshID = Int64.random(in: 1..<(1 << 53))
    let recordsPublications: Bool
    let decodingLimits: DecodingLimits
    let ackTimeout: TimeAmount
    let requestTimeout: TimeAmount
    /// How far back a replay goes at most, nanoseconds.
    let replayWindow: Double
    /// Interval of the lanes' timers: fine enough for the shortest time-out.
    let tickInterval: TimeAmount

    init(configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage, trust: BrokerTrust) {
        self.configuration = configuration
        self.logger = logger
        self.storage = storage
        store = storage.store
        self.trust = trust
        admission = ConnectionAdmission(
            maxConnections: configuration.limits.maxConnections,
            maxPerAddress: configuration.limits.maxConnectionsPerAddress,
            handshakesPerSecond: configuration.limits.handshakesPerSecond)
        identities = IdentityService(trust: trust, settings: configuration.security, logger: logger)
        let rules = AccessRules(trust.store.document, trustsNames: configuration.security.trustsNames)
        tables = RoutingTables(limits: configuration.limits, storage: storage, rules: rules)
        recordsPublications = configuration.storeBytes > 0
        metricTopics = MetricTopics(limit: configuration.doors.maxMetricTopics)
        var limits = DecodingLimits.standard
        limits.maxBytes = configuration.limits.maxMessageBytes
        decodingLimits = limits
        ackTimeout = TimeAmount(configuration.ackTimeout)
        requestTimeout = TimeAmount(configuration.requestTimeout)
        let window = TimeAmount(configuration.replayWindow).nanoseconds
        replayWindow = window > 0 ? Double(window) : .infinity
        let shortest = min(ackTimeout.nanoseconds, requestTimeout.nanoseconds) / 4
        tickInterval = .nanoseconds(min(max(shortest, 10_000_000), 250_000_000))
        BuiltIns.install(in: tables, name: configuration.name, started: .now())
        for (topic, service) in storage.services { tables.setHandler(.service(service), for: topic) }
        tables.restore(storage)
        auditOutsideChanges()
    }

    /// Has the rules as they are now count for every connection.
    func applyRules() {
        tables.setRules(AccessRules(trust.store.document, trustsNames: configuration.security.trustsNames))
    }

    /// Has `action` called when an administrator asks for the end.
    func whenShutdownIsRequested(_ action: @escaping @Sendable () -> Void) {
        onShutdownRequest.withLock { $0 = action }
    }

    func requestShutdown() {
        logger.notice("an administrator asks the broker to stop")
        onShutdownRequest.withLock { $0 }?()
    }

    /// Has `action` called when an administrator changes how much is logged.
    func whenLogLevelChanges(_ action: @escaping @Sendable (Logger.Level) -> Void) {
        onLogLevel.withLock { $0 = action }
    }

    /// False when there is no such level.
    func setLogLevel(_ name: String) -> Bool {
        guard let level = Logger.Level(rawValue: name) else { return false }
        onLogLevel.withLock { $0 }?(level)
        return true
    }

    func makeLanes(on group: any EventLoopGroup, certificates: TLSServerContext? = nil) {
        let loops = Array(group.makeIterator())
        lanes = loops.enumerated().map { Lane(index: $0, eventLoop: $1, core: self, laneCount: loops.count) }
        if lanes.first?.metrics.isEnabled == true { reporter = BrokerReporter(self, certificates: certificates) }
    }

    func lane(of eventLoop: any EventLoop) -> Lane? {
        lanes.first { $0.eventLoop === eventLoop }
    }

    func channelOpened(_ channel: any Channel) {
        counters.channels.wrappingAdd(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in
            self.counters.channels.wrappingSubtract(1, ordering: .relaxed)
            self.onChannelEnd.withLock { $0 }?()
        }
    }

    /// Has `action` called after each end of a connection; nil stops that.
    func whenChannelsEnd(_ action: (@Sendable () -> Void)?) {
        onChannelEnd.withLock { $0 = action }
    }
}

/// Running totals of one broker; relaxed atomics, since nobody decides anything by them.
final class BrokerCounters: Sendable {
    let connections = Atomic<Int>(0)
    /// Sockets that are not closed yet, those of ended connections included that still have something to send.
    let channels = Atomic<Int>(0)
    /// What doors could not pass on.
    let dropped = Atomic<Int>(0)
    /// Publications whose topics cannot be published to.
    let droppedTopics = Atomic<Int>(0)
    /// Publications and answers for connections that took no more.
    let droppedDeliveries = Atomic<Int>(0)
    let droppedAnswers = Atomic<Int>(0)
    /// Connections closed for what they sent.
    let malformed = Atomic<Int>(0)
    /// Proofs of identity that were none.
    let failedLogins = Atomic<Int>(0)
    /// Connections closed because they did not take what was delivered.
    let slowConsumers = Atomic<Int>(0)
    /// What the rules refused.
    let denied = Atomic<Int>(0)
    /// QoS 1/2 deliveries given up after all retries.
    let unacknowledged = Atomic<Int>(0)
    /// Bytes of log that slow readers wanted when they were gone.
    let overrunBytes = Atomic<UInt64>(0)
}
