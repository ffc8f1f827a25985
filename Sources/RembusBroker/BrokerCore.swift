import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// What all lanes of one broker share. Constants, and things that guard themselves.
///
/// `lanes` is set once before the first connection is accepted, read on event loops only, and emptied when these have ended;
/// hence unchecked.
final class BrokerCore: @unchecked Sendable {
    /// Everything that the broker was told, as it is now. Behind a lock: what every message needs has a lane of its own copy.
    var configuration: BrokerConfiguration { settings.withLock { $0 } }
    private let settings: Mutex<BrokerConfiguration>
    /// What a peer may use at most, as it is now.
    var limits: BrokerLimits { currentLimits.withLock { $0 } }
    private let currentLimits: Mutex<BrokerLimits>
    /// What listeners do with new connections.
    let listening: ListenerPolicy
    let name: String
    let isServer: Bool
    let isAuthenticated: Bool
    let logger: Logger
    let storage: BrokerStorage
    let store: any Store
    let tables: RoutingTables
    let trust: BrokerTrust
    let identities: IdentityService
    /// The last values of topics.
    let lastValues: LastValues
    let admission: ConnectionAdmission
    let counters = BrokerCounters()
    /// Tells the program around the broker what happens.
    let events = EventHub()
    let eventTotals = EventTotals()
    let clock: BrokerClock
    let startedAt: NIODeadline
    let readiness: Readiness
    /// What all connections hold together.
    let memory: MemoryBudget
    let memoryPlan: MemoryPlan
    let memoryWatch: MemoryWatch
    let background = BackgroundTasks()
    private(set) var lanes: [Lane] = []
    /// The same for other threads.
    var allLanes: [Lane] { sharedLanes.withLock { $0 } }
    private let sharedLanes = Mutex<[Lane]>([])
    /// Tells swift-metrics about the whole broker; nil when nobody listens. Set once, as `lanes`.
    private(set) var reporter: BrokerReporter?
    let metricTopics: MetricTopics
    private let onShutdownRequest = Callback<Void>()
    private let onLogLevel = Callback<Logger.Level>()
    private let onChannelEnd = Callback<Void>()

    /// The other brokers that this one is linked with. Its own number is below 2⁵³, as JSON peers need (protocol.md §9.2).
    let mesh: Mesh
    let recordsPublications: Bool
    let decodingLimits: DecodingLimits
    let ackTimeout: TimeAmount
    let requestTimeout: TimeAmount
    /// The longest time that a caller may ask for.
    let maxRequestTimeout: TimeAmount
    /// How far back a replay goes at most, nanoseconds.
    let replayWindow: Double
    /// Interval of the lanes' timers: fine enough for the shortest time-out.
    let tickInterval: TimeAmount

    init(
        configuration: BrokerConfiguration, logger: Logger, storage: BrokerStorage, trust: BrokerTrust,
        clock: BrokerClock = .system, namespaces: [SubscriptionNamespace] = []
    ) {
        self.clock = clock
        startedAt = clock.uptime()
        settings = Mutex(configuration)
        currentLimits = Mutex(configuration.limits)
        listening = ListenerPolicy(
            origins: OriginPolicy(allowed: configuration.security.allowedOrigins),
            link: LinkConfiguration(configuration),
            proxies: TrustedProxies(configuration.security.trustedProxies), logger: logger)
        (name, isServer) = (configuration.name, configuration.isServer)
        isAuthenticated = configuration.isAuthenticated
        self.logger = logger
        self.storage = storage
        store = storage.store
        readiness = Readiness(storage: storage.unreadyReasons)
        if let components = storage.components { readiness.add { components.isFailing ? [.state] : [] } }
        let plan = storage.memory ?? MemoryPlan(configuration, hasLake: false)
        memoryPlan = plan
        memory = MemoryBudget(limit: plan.connections)
        let lastValues = storage.lastValues ?? LastValues(maxBytes: plan.retained, clock: clock)
        self.lastValues = lastValues
        lastValues.count(in: memory)
        readiness.add { lastValues.isFailing ? [.state] : [] }
        memoryWatch = MemoryWatch(budget: memory, limit: plan.limit)
        self.trust = trust
        admission = ConnectionAdmission(
            maxConnections: configuration.limits.maxConnections,
            maxPerAddress: configuration.limits.maxConnectionsPerAddress,
            handshakesPerSecond: configuration.limits.handshakesPerSecond)
        admission.trust(TrustedProxies(configuration.security.trustedProxies))
        identities = IdentityService(trust: trust, settings: configuration.security, logger: logger)
        let rules = AccessRules(trust.store.document, trustsNames: configuration.security.trustsNames)
        mesh = Mesh(own: .random(in: 1..<(1 << 53)), rules: rules)
        var cutLimits = configuration.limits
        cutLimits.maxRememberedBytes = plan.remembered
        cutLimits.maxRememberedBytesPerAddress = plan.rememberedPerAddress
        tables = RoutingTables(
            limits: cutLimits, storage: storage, rules: rules, counters: counters, clock: clock, mesh: mesh,
            namespaces: SubscriptionNamespaces(all: namespaces), keptTopics: configuration.storage.lastValues)
        recordsPublications = configuration.storeBytes > 0
        metricTopics = MetricTopics(limit: configuration.gateways.maxMetricTopics)
        var limits = DecodingLimits.standard
        limits.maxBytes = configuration.limits.maxMessageBytes
        decodingLimits = limits
        ackTimeout = TimeAmount(configuration.ackTimeout)
        requestTimeout = TimeAmount(configuration.requestTimeout)
        maxRequestTimeout = max(TimeAmount(configuration.maxRequestTimeout), requestTimeout)
        let window = TimeAmount(configuration.replayWindow).nanoseconds
        replayWindow = window > 0 ? Double(window) : .infinity
        let shortest = min(ackTimeout.nanoseconds, requestTimeout.nanoseconds) / 4
        tickInterval = .nanoseconds(min(max(shortest, 10_000_000), 250_000_000))
        BuiltIns.install(in: tables, name: configuration.name, clock: clock)
        for (topic, service) in storage.services { tables.setHandler(.service(service), for: topic) }
        if let keeper = storage.components {
            tables.whenForgotten { keeper.save(ComponentRecord(name: $0)) }
        }
        tables.restore(storage)
        auditOutsideChanges()
        // Also those that come from the storage while the broker runs, as from a catalog that could not be reached before.
        trust.store.onChange { [weak self] _ in
            self?.applyRules()
            self?.events.emit(.rulesChanged)
        }
        applyRules()
    }

    /// Takes over what can be changed while connections are open.
    func adopt(_ configuration: BrokerConfiguration) {
        // First: who sees that the listeners' policy has changed looks here for the rest.
        settings.withLock { $0 = configuration }
        currentLimits.withLock { $0 = configuration.limits }
        let (limits, security) = (configuration.limits, configuration.security)
        let proxies = TrustedProxies(security.trustedProxies)
        listening.replace(
            origins: OriginPolicy(allowed: security.allowedOrigins), link: LinkConfiguration(configuration),
            proxies: proxies)
        admission.limit(
            maxConnections: limits.maxConnections, maxPerAddress: limits.maxConnectionsPerAddress,
            handshakesPerSecond: limits.handshakesPerSecond)
        admission.trust(proxies)
        identities.adopt(security)
        tables.setLimits(limits)
        let live = LiveSettings(configuration)
        for lane in allLanes { lane.eventLoop.execute { lane.settings = live } }
    }

    /// Has the rules as they are now count for every connection.
    func applyRules() {
        let document = trust.store.document
        let rules = AccessRules(document, trustsNames: configuration.security.trustsNames)
        tables.setRules(rules)
        mesh.adopt(rules)
        // Who comes from now on meets the new rules; who is there already does not look at them again.
        guard !document.removed.isEmpty else { return }
        for lane in allLanes { lane.eventLoop.execute { lane.endRemoved(rules) } }
    }

    /// Has `action` called when an administrator asks for the end.
    func whenShutdownIsRequested(_ action: @escaping @Sendable () -> Void) {
        onShutdownRequest.set(action)
    }

    func requestShutdown() {
        logger.notice("an administrator asks the broker to stop")
        onShutdownRequest()
    }

    /// Has `action` called when an administrator changes how much is logged.
    func whenLogLevelChanges(_ action: @escaping @Sendable (Logger.Level) -> Void) {
        onLogLevel.set(action)
    }

    /// False when there is no such level.
    func setLogLevel(_ name: String) -> Bool {
        guard let level = Logger.Level(rawValue: name) else { return false }
        onLogLevel(level)
        return true
    }

    func makeLanes(on group: any EventLoopGroup, certificates: TLSServerContext? = nil) {
        let loops = Array(group.makeIterator())
        lanes = loops.enumerated().map { Lane(index: $0, eventLoop: $1, core: self, laneCount: loops.count) }
        sharedLanes.withLock { $0 = lanes }
        if lanes.first?.metrics.isEnabled == true { reporter = BrokerReporter(self, certificates: certificates) }
    }

    /// Lets go of the event loops when they have ended, and of the gateways: they hold this, so that nothing of a broker would
    /// ever be freed.
    func forgetLanes() {
        sharedLanes.withLock { $0 = [] }
        lanes = []
        tables.expireRoutes()
        mesh.forgetAll()
        readiness.forget()
    }

    func lane(of eventLoop: any EventLoop) -> Lane? {
        lanes.first { $0.eventLoop === eventLoop }
    }

    func channelOpened(_ channel: any Channel) {
        counters.channels.wrappingAdd(1, ordering: .relaxed)
        channel.closeFuture.whenComplete { _ in
            self.counters.channels.wrappingSubtract(1, ordering: .relaxed)
            self.onChannelEnd()
        }
    }

    /// Has `action` called after each end of a connection; nil stops that.
    func whenChannelsEnd(_ action: (@Sendable () -> Void)?) {
        onChannelEnd.set(action)
    }
}

/// Running totals of one broker; relaxed atomics, since nobody decides anything by them.
final class BrokerCounters: Sendable {
    let connections = Atomic<Int>(0)
    /// Sockets that are not closed yet, those of ended connections included that still have something to send.
    let channels = Atomic<Int>(0)
    /// What gateways could not pass on.
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
    /// Connections closed because memory was short and they took nothing.
    let memoryEvictions = Atomic<Int>(0)
    /// Connections closed because they did not take what was delivered.
    let slowConsumers = Atomic<Int>(0)
    /// What the rules refused.
    let denied = Atomic<Int>(0)
    /// QoS 1/2 deliveries given up after all retries.
    let unacknowledged = Atomic<Int>(0)
    /// What was to be read again and could not be used.
    let failedReloads = ReloadCounters()
    /// Names without proof that were forgotten because they did not come back in time.
    let expiredNames = Atomic<Int>(0)
    /// Names without proof that were forgotten to make room for others.
    let forgottenForRoom = Atomic<Int>(0)
    /// Names that were not remembered when their connection ended, because there was no room.
    let notRemembered = Atomic<Int>(0)
    /// Subscriptions, methods and sessions that were refused because there was no room.
    let refusedRegistrations = Atomic<Int>(0)
    /// Bytes of log that slow readers wanted when they were gone.
    let overrunBytes = Atomic<UInt64>(0)
}
