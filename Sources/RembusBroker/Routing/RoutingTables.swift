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
    let limits: BrokerLimits
    let store: any Store
    private let isRecorded: @Sendable (String) -> Bool
    var exact: [ExactText: [SubscriptionEntry]] = [:]
    var patterns = TopicIndex<SubscriptionEntry>()
    var patternTopics: [ExactText: Int] = [:]
    var providers: [ExactText: ProviderList] = [:]
    var handlers: [ExactText: LocalHandler] = [:]
    var components: [ExactText: ComponentState] = [:]
    private var brokers: [ComponentState] = []
    /// How many of `components` are not connected.
    var offline = 0
    var currentRules: AccessRules
    /// Rises with every change of the rules.
    let rulesVersion = Atomic<UInt64>(0)
    /// Rises with every change; a route made at an older value is stale.
    let generation = Atomic<UInt64>(1)

    init(limits: BrokerLimits, storage: BrokerStorage, rules: AccessRules) {
        self.limits = limits
        currentRules = rules
        store = storage.store
        isRecorded = storage.isRecorded
    }

    private func changed() {
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
                if known.user.map({ ExactText($0) }) != ExactText(user ?? name) {
                    // What was written down does not say whose it is: that is known only now.
                    let state = makeState(name, user: user)
                    state.takeOver(known)
                    components[ExactText(name)] = state
                    known = state
                }
                known.session = session
                known.principal.isProven = isProven
                attach(known, to: session)
                return .bound(known)
            }
            let state = makeState(name, user: user)
            state.session = session
            state.principal.isProven = isProven
            components[ExactText(name)] = state
            return .bound(state)
        }
    }

    private func makeState(_ name: String, user: String? = nil) -> ComponentState {
        let tenant = NameRules.tenant(of: user ?? name)
        return ComponentState(
            principal: Principal(name: user ?? name, tenant: tenant, isProven: false), name: name,
            number: store.number(of: name), tenant: store.number(of: tenant), limits: limits)
    }

    /// The connection that has a name at the moment.
    func holder(of name: String) -> Session? {
        lock.withLock { components[ExactText(name)]?.session }
    }

    /// Notes whether a component's name is proven.
    func setProven(_ state: ComponentState, _ isProven: Bool) {
        lock.withLock {
            state.principal.isProven = isProven
            changed()
        }
    }

    /// Takes over what an earlier run wrote down. Only before the first connection.
    func restore(_ storage: BrokerStorage) {
        lock.withLock {
            for record in storage.restored where !record.isEmpty {
                let state = makeState(record.name)
                state.restore(record, partitionCount: store.partitionCount)
                components[ExactText(record.name)] = state
                offline += 1
                for topic in record.exposed { addProvider(state, topic) }
            }
            let now = NIODeadline.now()
            for publication in storage.recentPublications {
                let state = components[ExactText(publication.publisher)] ?? makeState(publication.publisher)
                if components.updateValue(state, forKey: ExactText(publication.publisher)) == nil { offline += 1 }
                _ = state.duplicates.insert(publication.id, now: now)
            }
            changed()
        }
    }

    /// The state of a connection without a name; nil for a connection that has ended.
    func anonymousState(of session: Session?) -> ComponentState {
        lock.withLock {
            let state = ComponentState(
                principal: Principal(name: nil, tenant: ".", isProven: false), name: nil, number: 0,
                tenant: store.number(of: "."), limits: limits)
            state.session = session
            return state
        }
    }

    /// Takes a session's state out of the routes when its connection ends. A named component's subscriptions and
    /// exposed topics stay with its state; an anonymous one leaves nothing (known-defects.md R18).
    func release(_ state: ComponentState) {
        lock.withLock {
            for subscription in state.subscriptions.values { detach(subscription) }
            state.session = nil
            state.principal.isProven = false
            brokers.removeAll { $0 === state }
            if state.isTransient { state.forgetMQTT() }
            if state.name != nil, !state.isForgettable, offline < limits.maxOfflineComponents {
                offline += 1
            } else {
                for topic in state.exposed { removeProvider(state, topic) }
                if let name = state.name { components[ExactText(name)] = nil }
            }
            changed()
        }
    }

    /// What `direct` finds under a name (behaviour.md §8, rule 3).
    enum Target {
        case connected(Session, tenant: UInt32)
        case offline(tenant: UInt32)
        case unknown
    }

    func target(_ name: String) -> Target {
        lock.withLock {
            guard let state = components[ExactText(name)] else { return .unknown }
            guard let session = state.session else { return .offline(tenant: state.tenant) }
            return .connected(session, tenant: state.tenant)
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
            changed()
        }
    }

    func unsubscribe(_ subscription: Subscription) {
        lock.withLock {
            detach(subscription)
            changed()
        }
    }

    private func attach(_ state: ComponentState, to session: Session) {
        for subscription in state.subscriptions.values where session.serves(subscription) {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
        }
        changed()
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
            changed()
        }
    }

    private func removeProvider(_ state: ComponentState, _ topic: ExactText) {
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
                maxSegments: limits.maxTopicSegments)
        }
    }
}
