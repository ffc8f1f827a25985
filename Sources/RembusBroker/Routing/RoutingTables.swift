import NIOConcurrencyHelpers
import RembusStore
import RembusTables
import RembusTrust
import RembusWire
import Synchronization

/// Who subscribes, who provides, who is connected: the truth that routes are resolved from.
///
/// Written by control messages from any lane and read when a lane resolves a route; the data plane itself works on the
/// resolved routes. Whatever changes what a topic leads to makes the routes of this topic stale, and no others.
/// Everything mutable is guarded by `lock`, hence unchecked.
final class RoutingTables: @unchecked Sendable {
    let lock = NIOLock()
    private(set) var limits: BrokerLimits
    let store: any Store
    let isRecorded: @Sendable (String) -> Bool
    let filledTables: FilledTables?
    /// Topics whose publications are kept as their last values; exact topics are patterns without a wildcard here.
    var keptTopics = TopicIndex<Void>()
    /// Whose texts of subscriptions there are besides those of components.
    let namespaces: SubscriptionNamespaces
    var exact: [ExactText: [SubscriptionEntry]] = [:]
    var patterns = TopicIndex<SubscriptionEntry>()
    var patternTopics: [ExactText: Int] = [:]
    /// Exact topics are patterns without a wildcard here.
    var destinations = TopicIndex<Destination>()
    var providers: [ExactText: ProviderList] = [:]
    var handlers: [ExactText: LocalHandler] = [:]
    var components: [ExactText: ComponentState] = [:]
    /// How many of `components` are not connected.
    var offline = 0
    /// What is held for components.
    var ledger: RegistrationLedger
    var onForget: [@Sendable (String) -> Void] = []
    let counters: BrokerCounters
    let clock: BrokerClock
    /// Hears of what components of tenants with links to other brokers want and provide.
    let mesh: Mesh
    var currentRules: AccessRules
    /// Rises with every change of the rules.
    let rulesVersion = Atomic<UInt64>(0)
    /// What was resolved and still holds.
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

    /// Who may do what, at the moment.
    var rules: AccessRules { lock.withLock { currentRules } }

    /// Takes over new rules: every route is resolved again by them.
    func setRules(_ rules: AccessRules) {
        lock.withLock {
            currentRules = rules
            rulesVersion.wrappingAdd(1, ordering: .releasing)
            liveRoutes.expireAll()
        }
    }

    /// Takes over other limits: every route is resolved again by them.
    func setLimits(_ limits: BrokerLimits) {
        lock.withLock {
            self.limits = limits
            ledger.adopt(limits)
            liveRoutes.expireAll()
        }
    }
}
