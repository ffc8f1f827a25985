import Logging
import NIOCore
import RembusListening
import RembusStore
import RembusSupport
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// What all lanes of one broker share: constants, and objects that guard their own state.
///
/// `lanes` is set once, before the first connection is accepted. It is read on event loops only, and emptied after they
/// have ended. Hence unchecked.
final class BrokerCore: @unchecked Sendable {
    /// The configuration as it is now, behind a lock. Settings that every message needs are copied into each lane.
    var configuration: BrokerConfiguration { settings.withLock { $0 } }
    private let settings: Mutex<BrokerConfiguration>
    /// The limits on what a peer may use, as they are now.
    var limits: BrokerLimits { currentLimits.withLock { $0 } }
    private let currentLimits: Mutex<BrokerLimits>
    /// How listeners treat new connections.
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
    /// Publishes the broker's events to the program around it.
    let events = EventHub()
    let eventTotals = EventTotals()
    let clock: BrokerClock
    let startedAt: NIODeadline
    let readiness: Readiness
    /// The memory that all connections hold together, and its limit.
    let memory: MemoryBudget
    let memoryPlan: MemoryPlan
    let memoryWatch: MemoryWatch
    let background = BackgroundTasks()
    private(set) var lanes: [Lane] = []
    /// All lanes, for threads other than the event loops.
    var allLanes: [Lane] { sharedLanes.withLock { $0 } }
    private let sharedLanes = Mutex<[Lane]>([])
    /// Reports metrics of the whole broker to swift-metrics; nil when no metrics factory is set. Set once, as `lanes`
    /// is.
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
    /// The longest time-out that a caller may ask for.
    let maxRequestTimeout: TimeAmount
    /// How far back a replay reaches at most, in nanoseconds.
    let replayWindow: Double
    /// The interval of the lanes' timers: fine enough for the shortest time-out.
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
        // Rules may also come from the storage while the broker runs: from a catalog that could not be reached at the
        // start.
        trust.store.onChange { [weak self] _ in
            self?.applyRules()
            self?.events.emit(.rulesChanged)
        }
        applyRules()
    }

    /// Takes over the settings that can change while connections are open.
    func adopt(_ configuration: BrokerConfiguration) {
        // The configuration is set first: code that sees the new listener policy reads the rest of the settings from
        // here.
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

    /// Applies the current rules to every connection.
    func applyRules() {
        let document = trust.store.document
        let rules = AccessRules(document, trustsNames: configuration.security.trustsNames)
        tables.setRules(rules)
        mesh.adopt(rules)
        // Who comes from now on meets the new rules; who is there already does not look at them again.
        guard !document.removed.isEmpty else { return }
        for lane in allLanes { lane.eventLoop.execute { lane.endRemoved(rules) } }
    }

    /// Sets the action that runs when an administrator asks the broker to stop.
    func whenShutdownIsRequested(_ action: @escaping @Sendable () -> Void) {
        onShutdownRequest.set(action)
    }

    func requestShutdown() {
        logger.notice("an administrator asks the broker to stop")
        onShutdownRequest()
    }

    /// Sets the action that runs when an administrator changes the log level.
    func whenLogLevelChanges(_ action: @escaping @Sendable (Logger.Level) -> Void) {
        onLogLevel.set(action)
    }

    /// Changes the log level. Returns false when there is no level of that name.
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

    /// Releases event loops and gateways after the event loops have ended. Both refer to this object, so without this
    /// call a cycle would keep the broker in memory.
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

    /// Sets the action that runs after each end of a connection; nil removes it.
    func whenChannelsEnd(_ action: (@Sendable () -> Void)?) {
        onChannelEnd.set(action)
    }
}

/// Running totals of one broker. Relaxed atomics are enough, because no decision depends on them.
final class BrokerCounters: Sendable {
    let connections = Atomic<Int>(0)
    /// Sockets that are not closed yet. Those of ended connections count too while they still have something to send.
    let channels = Atomic<Int>(0)
    /// Messages that gateways could not pass on.
    let dropped = Atomic<Int>(0)
    /// Publications under topics that nothing can be published under.
    let droppedTopics = Atomic<Int>(0)
    /// Publications and answers that were dropped because their connection took no more.
    let droppedDeliveries = Atomic<Int>(0)
    let droppedAnswers = Atomic<Int>(0)
    /// Connections that were closed because of what they sent.
    let malformed = Atomic<Int>(0)
    /// Logins with a wrong proof of identity.
    let failedLogins = Atomic<Int>(0)
    /// Connections that were closed because memory was short and they read nothing.
    let memoryEvictions = Atomic<Int>(0)
    /// Connections that were closed because they did not read what was delivered.
    let slowConsumers = Atomic<Int>(0)
    /// Requests that the rules refused.
    let denied = Atomic<Int>(0)
    /// Deliveries at QoS 1 and 2 that were given up after all retries.
    let unacknowledged = Atomic<Int>(0)
    /// Failed attempts to read settings, rules or certificates again.
    let failedReloads = ReloadCounters()
    /// Names without proof that were forgotten because they did not come back in time.
    let expiredNames = Atomic<Int>(0)
    /// Names without proof that were forgotten to make room for others.
    let forgottenForRoom = Atomic<Int>(0)
    /// Names that were not remembered when their connection ended, for want of room.
    let notRemembered = Atomic<Int>(0)
    /// Subscriptions, methods and sessions that were refused for want of room.
    let refusedRegistrations = Atomic<Int>(0)
    /// Bytes of log that slow subscribers still had to read when the store dropped them.
    let overrunBytes = Atomic<UInt64>(0)
}
