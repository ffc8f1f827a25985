import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusTrust
import RembusWire
import Synchronization

/// Who subscribes, who provides, who is connected: the truth that routes are resolved from.
///
/// Written by control messages from any lane and read when a lane resolves a route; the data plane itself works on the
/// resolved routes. Everything mutable is guarded by `lock`, hence unchecked.
final class RoutingTables: @unchecked Sendable {
    let lock = NIOLock()
    private(set) var limits: BrokerLimits
    let store: any Store
    private let isRecorded: @Sendable (String) -> Bool
    private let filledTables: FilledTables?
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
    /// Rises with every change of what topics lead to; a route made at an older value is stale. A component that neither
    /// subscribes nor provides anything comes and goes without one: it is in no route.
    let generation = Atomic<UInt64>(1)

    init(limits: BrokerLimits, storage: BrokerStorage, rules: AccessRules, counters: BrokerCounters) {
        self.limits = limits
        self.counters = counters
        ledger = RegistrationLedger(limits)
        currentRules = rules
        store = storage.store
        isRecorded = storage.isRecorded
        filledTables = storage.tables
    }

    func changed() {
        generation.wrappingAdd(1, ordering: .releasing)
    }

    // MARK: Rules

    /// Who may do what, at the moment.
    var rules: AccessRules { lock.withLock { currentRules } }

    /// Takes over new rules: every route is resolved again by them.
    func setRules(_ rules: AccessRules) {
        lock.withLock {
            currentRules = rules
            rulesVersion.wrappingAdd(1, ordering: .releasing)
            changed()
        }
    }

    /// Takes over other limits: every route is resolved again by them.
    func setLimits(_ limits: BrokerLimits) {
        lock.withLock {
            self.limits = limits
            ledger.adopt(limits)
            changed()
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
            if state.isRouted { changed() }
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
            changed()
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
            changed()
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
            let wasRouted = state.isRouted
            for subscription in state.subscriptions.values { detach(subscription) }
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
            if wasRouted { changed() }
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
            changed()
        }
    }

    func unsubscribe(_ state: ComponentState, _ subscription: Subscription) {
        lock.withLock {
            detach(subscription)
            charge(state, topic: subscription.topic, sign: -1)
            changed()
        }
    }

    private func attach(_ state: ComponentState, to session: Session) {
        for subscription in state.subscriptions.values where session.serves(subscription) {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
        }
        if state.isRouted { changed() }
    }

    private func insert(_ target: SubscriptionEntry) {
        let topic = ExactText(target.subscription.matched)
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
        } else if var targets = exact.removeValue(forKey: topic) {
            targets.removeAll { $0.subscription === subscription }
            if !targets.isEmpty { exact[topic] = targets }
        }
    }

    // MARK: Providers

    func expose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            addProvider(state, topic)
            changed()
        }
    }

    private func addProvider(_ state: ComponentState, _ topic: String) {
        let list = providers[ExactText(topic)] ?? ProviderList()
        providers[ExactText(topic)] = list
        list.add(state)
    }

    func unexpose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            removeProvider(state, ExactText(topic))
            charge(state, topic: topic, sign: -1)
            changed()
        }
    }

    func removeProvider(_ state: ComponentState, _ topic: ExactText) {
        guard let list = providers[topic] else { return }
        list.remove(state)
        if list.isEmpty { providers[topic] = nil }
    }

    func setHandler(_ handler: LocalHandler?, for topic: String) {
        lock.withLock {
            handlers[ExactText(topic)] = handler
            changed()
        }
    }

    // MARK: Reading

    func makeRoute(topic: String, hash: UInt64, lane: Int) -> Route {
        lock.withLock {
            let rules = currentRules
            var entries = exact[ExactText(topic)] ?? []
            patterns.forEachMatch(of: topic) { entries.append($0) }
            let list = providers[ExactText(topic)]
            var states = list?.states ?? []
            let isGuarded = rules.isGuarded(topic)
            if isGuarded {
                // Who is connected may have lost its right since it subscribed or exposed.
                entries.removeAll { !rules.allows($0.state.principal, .subscribe, topic) }
                states.removeAll { $0.session != nil && !rules.allows($0.principal, .expose, topic) }
            }
            return Route(
                topic: topic, hash: hash, generation: generation.load(ordering: .acquiring), lane: lane,
                isRecorded: isRecorded(topic), entries: entries,
                providers: states.map { Provider(state: $0, session: $0.session) },
                rotation: list?.rotation, handler: handlers[ExactText(topic)], rules: isGuarded ? rules : nil,
                maxSegments: limits.maxTopicSegments, table: filledTables?.table(topic))
        }
    }
}
