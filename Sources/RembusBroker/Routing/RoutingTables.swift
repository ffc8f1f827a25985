import NIOConcurrencyHelpers
import NIOCore
import RembusStore
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
    var exact: [ExactText: [SubscriptionEntry]] = [:]
    var patterns = TopicIndex<SubscriptionEntry>()
    var patternTopics: [ExactText: Int] = [:]
    var providers: [ExactText: ProviderList] = [:]
    var handlers: [ExactText: LocalHandler] = [:]
    var components: [ExactText: ComponentState] = [:]
    private var brokers: [ComponentState] = []
    /// How many of `components` are not connected.
    var offline = 0
    /// What is held for components.
    var ledger: RegistrationLedger
    var onForget: [@Sendable (String) -> Void] = []
    let counters: BrokerCounters
    var currentRules: AccessRules
    /// Rises with every change of the rules.
    let rulesVersion = Atomic<UInt64>(0)
    var liveRoutes = LiveRoutes()

    init(limits: BrokerLimits, storage: BrokerStorage, rules: AccessRules, counters: BrokerCounters) {
        self.limits = limits
        self.counters = counters
        ledger = RegistrationLedger(limits)
        currentRules = rules
        store = storage.store
        isRecorded = storage.isRecorded
        filledTables = storage.tables
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

    // MARK: Components

    enum Binding {
        case bound(ComponentState)
        /// The name is connected; its session.
        case taken(Session)
    }

    /// Gives a name to a session, with the state that the name had. `user` has the rights when it is not the name itself.
    func bind(_ name: String, to session: Session, isProven: Bool, user: String? = nil) -> Binding {
        lock.withLock {
            if var known = components[ExactText(name)] {
                if let holder = known.session { return .taken(holder) }
                offline -= 1
                known.unpack()
                charge(known, .init())
                if known.user.map({ ExactText($0) }) != ExactText(user ?? name) {
                    // What was written down does not say whose it is: that is known only now.
                    let state = makeState(name, user: user, isProven: isProven)
                    state.takeOver(known)
                    for topic in known.exposed {
                        removeProvider(known, topic)
                        addProvider(state, topic.string)
                    }
                    components[ExactText(name)] = state
                    known = state
                }
                known.hasReturned = true
                enter(known, session, isProven: isProven)
                charge(known, known.usageWhileConnected)
                attach(known, to: session)
                return .bound(known)
            }
            let state = makeState(name, user: user, isProven: isProven)
            enter(state, session, isProven: isProven)
            components[ExactText(name)] = state
            return .bound(state)
        }
    }

    /// Connects a state that nothing is charged for yet.
    private func enter(_ state: ComponentState, _ session: Session, isProven: Bool) {
        state.session = session
        state.principal.isProven = isProven
        for topic in state.exposed { liveRoutes.expire(topic: topic.string) }
        state.host = session.host
        state.owner = owner(user: isProven ? state.user : nil, host: state.host)
        state.awaySince = 0
    }

    func makeState(_ name: String, user: String? = nil, isProven: Bool = false) -> ComponentState {
        let tenant = NameRules.tenant(of: user ?? name)
        return ComponentState(
            principal: Principal(name: user ?? name, tenant: tenant, isProven: false), name: name,
            number: number(of: name, isProven: isProven), tenant: store.number(of: tenant), limits: limits,
            partitionCount: store.partitionCount)
    }

    /// The connection that has a name at the moment.
    func holder(of name: String) -> Session? {
        lock.withLock { components[ExactText(name)]?.session }
    }

    /// Notes whether a component's name is proven.
    func setProven(_ state: ComponentState, _ isProven: Bool) {
        lock.withLock {
            state.principal.isProven = isProven
            expireRoutes(to: state)
        }
    }

    /// Takes over what an earlier run wrote down. Only before the first connection.
    func restore(_ storage: BrokerStorage) {
        lock.withLock {
            for component in storage.restored where !component.isEmpty { restore(component) }
            let now = NIODeadline.now()
            for publication in storage.recentPublications {
                let state = components[ExactText(publication.publisher)] ?? makeState(publication.publisher)
                if components.updateValue(state, forKey: ExactText(publication.publisher)) == nil { offline += 1 }
                _ = state.duplicates.insert(publication.id, now: now)
            }
            for state in components.values { charge(state, state.usageWhileAway) }
            trim()
        }
        storage.late?.receive { [weak self] in self?.restore(late: $0, keeper: storage.components) }
    }

    /// Takes over what was found later, of components that have not come back by then: those say themselves what they want.
    private func restore(late records: [ComponentRecord], keeper: ComponentKeeper?) {
        lock.withLock {
            for record in records where !record.isEmpty && components[ExactText(record.name)] == nil {
                let state = restore(PackedComponent(record))
                charge(state, state.usageWhileAway)
                keeper?.save(record)
            }
            trim()
        }
    }

    @discardableResult
    private func restore(_ component: PackedComponent) -> ComponentState {
        let state = makeState(component.name)
        state.restore(component)
        setAway(state, component.head)
        components[ExactText(component.name)] = state
        offline += 1
        for topic in component.head.exposed { addProvider(state, topic) }
        return state
    }

    /// The state of a connection without a name; nil for a connection that has ended.
    func anonymousState(of session: Session?) -> ComponentState {
        lock.withLock {
            let state = ComponentState(
                principal: Principal(name: nil, tenant: ".", isProven: false), name: nil, number: 0,
                tenant: store.number(of: "."), limits: limits, partitionCount: store.partitionCount)
            state.session = session
            return state
        }
    }

    /// Takes a session's state out of the routes when its connection ends. A named component's subscriptions and
    /// exposed topics stay with its state; an anonymous one leaves nothing (known-defects.md R18).
    func release(_ state: ComponentState) {
        lock.withLock {
            for subscription in state.subscriptions.values { detach(subscription) }
            for topic in state.exposed { liveRoutes.expire(topic: topic.string) }
            state.session = nil
            state.principal.isProven = false
            brokers.removeAll { $0 === state }
            if state.isTransient {
                state.forgetMQTT()
                state.gatewayBytes = 0
            }
            if state.name == nil || state.isForgettable || !remember(state) {
                for topic in state.exposed { removeProvider(state, topic) }
                if let name = state.name {
                    components[ExactText(name)] = nil
                    // What was written down of it goes too.
                    if !state.isForgettable { for action in onForget { action(name) } }
                }
                charge(state, .init())
            }
        }
    }

    /// A component that is a broker itself.
    struct BrokerPeer {
        let name: String
        let session: Session
    }

    /// Remembers that a session leads to another broker, until it is released.
    func addBroker(_ state: ComponentState) {
        lock.withLock { brokers.append(state) }
    }

    /// The connected brokers of a tenant that may know of a topic.
    func brokers(of tenant: UInt32, knowing topic: String) -> [BrokerPeer] {
        lock.withLock {
            brokers.compactMap { state in
                guard state.tenant == tenant, let name = state.name, let session = state.session,
                    currentRules.allows(state.principal, .subscribe, topic)
                else { return nil }
                return BrokerPeer(name: name, session: session)
            }
        }
    }

    // MARK: Subscriptions

    /// Puts a subscription of a connected session into the routes.
    func subscribe(_ session: Session, _ state: ComponentState, _ subscription: Subscription) {
        lock.withLock {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
            charge(state, topic: subscription.topic, sign: 1)
        }
    }

    func unsubscribe(_ state: ComponentState, _ subscription: Subscription) {
        lock.withLock {
            detach(subscription)
            charge(state, topic: subscription.topic, sign: -1)
        }
    }

    private func attach(_ state: ComponentState, to session: Session) {
        for subscription in state.subscriptions.values where session.serves(subscription) {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
        }
    }

    private func insert(_ target: SubscriptionEntry) {
        let topic = ExactText(target.subscription.matched)
        expireRoutes(along: target.subscription)
        if let pattern = target.subscription.pattern {
            patterns.insert(pattern, element: target)
            patternTopics[topic, default: 0] += 1
        } else {
            exact[topic, default: []].append(target)
        }
    }

    private func detach(_ subscription: Subscription) {
        let topic = ExactText(subscription.matched)
        if let pattern = subscription.pattern {
            guard patterns.remove(pattern, where: { $0.subscription === subscription }) else { return }
            if let count = patternTopics[topic] { patternTopics[topic] = count > 1 ? count - 1 : nil }
        } else {
            guard var targets = exact.removeValue(forKey: topic) else { return }
            let count = targets.count
            targets.removeAll { $0.subscription === subscription }
            if !targets.isEmpty { exact[topic] = targets }
            guard targets.count < count else { return }
        }
        expireRoutes(along: subscription)
    }

    // MARK: Providers

    func expose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            addProvider(state, topic)
        }
    }

    private func addProvider(_ state: ComponentState, _ topic: String) {
        let list = providers[ExactText(topic)] ?? ProviderList()
        providers[ExactText(topic)] = list
        if list.add(state) { liveRoutes.expire(topic: topic) }
    }

    func unexpose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            removeProvider(state, ExactText(topic))
            charge(state, topic: topic, sign: -1)
        }
    }

    func removeProvider(_ state: ComponentState, _ topic: ExactText) {
        guard let list = providers[topic], list.remove(state) else { return }
        if list.isEmpty { providers[topic] = nil }
        liveRoutes.expire(topic: topic.string)
    }

    func setHandler(_ handler: LocalHandler?, for topic: String) {
        lock.withLock {
            handlers[ExactText(topic)] = handler
            liveRoutes.expire(topic: topic)
        }
    }
}
