import NIOConcurrencyHelpers
import RembusStore
import RembusTables
import RembusTrust
import RembusWire
import Synchronization

/// All subscriptions, providers and connected components, which routes are resolved from.
///
/// Written for control messages of any lane, and read when a lane resolves a route; the data plane uses the resolved
/// routes. A change makes the routes of the affected topics stale, and no others. Everything mutable is guarded by
/// `lock`, hence unchecked.
final class RoutingTables: @unchecked Sendable {
    let lock = NIOLock()
    private(set) var limits: BrokerLimits
    let store: any Store
    let isRecorded: @Sendable (String) -> Bool
    let filledTables: FilledTables?
    /// Topics whose last publication is kept. An exact topic is a pattern without wildcards here.
    var keptTopics = TopicIndex<Void>()
    /// The namespaces of subscriptions besides that of components.
    let namespaces: SubscriptionNamespaces
    var exact: [ExactText: [SubscriptionEntry]] = [:]
    var patterns = TopicIndex<SubscriptionEntry>()
    var patternTopics: [ExactText: Int] = [:]
    /// An exact topic is a pattern without wildcards here.
    var destinations = TopicIndex<Destination>()
    var providers: [ExactText: ProviderList] = [:]
    var handlers: [ExactText: LocalHandler] = [:]
    var components: [ExactText: ComponentState] = [:]
    /// How many of `components` are not connected.
    var offline = 0
    /// The memory that is held for components.
    var ledger: RegistrationLedger
    var onForget: [@Sendable (String) -> Void] = []
    let counters: BrokerCounters
    let clock: BrokerClock
    /// Hears of what components of tenants with links to other brokers want and provide.
    let mesh: Mesh
    var currentRules: AccessRules
    /// Changes with every change of the rules.
    let rulesVersion = Atomic<UInt64>(0)
    /// The routes that are resolved and not stale.
    var liveRoutes = LiveRoutes()

    init(
        limits: BrokerLimits, storage: BrokerStorage, rules: AccessRules, counters: BrokerCounters, clock: BrokerClock,
        mesh: Mesh, namespaces: SubscriptionNamespaces = .none, keptTopics: [String] = []
    ) {
        self.limits = limits
        self.clock = clock
        self.mesh = mesh
        self.namespaces = namespaces
        self.counters = counters
        ledger = RegistrationLedger(limits)
        currentRules = rules
        store = storage.store
        isRecorded = storage.isRecorded
        filledTables = storage.tables
        for topic in keptTopics { self.keptTopics.insert(TopicPattern(topic), element: ()) }
    }

    // MARK: Rules

    /// The rules about who may do what, as they are now.
    var rules: AccessRules { lock.withLock { currentRules } }

    /// Takes over new rules. Every route becomes stale.
    func setRules(_ rules: AccessRules) {
        lock.withLock {
            currentRules = rules
            rulesVersion.wrappingAdd(1, ordering: .releasing)
            liveRoutes.expireAll()
        }
    }

    /// Takes over new limits. Every route becomes stale.
    func setLimits(_ limits: BrokerLimits) {
        lock.withLock {
            self.limits = limits
            ledger.adopt(limits)
            liveRoutes.expireAll()
        }
    }
}
