import NIOConcurrencyHelpers
import RembusStore
import RembusTrust
import RembusWire

/// Names with their states: of components that are connected, and of those that were.
extension RoutingTables {
    enum Binding {
        case bound(ComponentState)
        /// The name is in use by this session.
        case taken(Session)
    }

    /// Gives a name to a session, with the state that the name had. `user` has the rights when it is not the name itself.
    func bind(_ name: String, to session: Session, isProven: Bool, user: String? = nil, isBroker: Bool = false)
        -> Binding
    {
        lock.withLock {
            if var known = components[ExactText(name)] {
                if let holder = known.session { return .taken(holder) }
                offline -= 1
                known.unpack()
                charge(known, .init())
                if known.user.map({ ExactText($0) }) != ExactText(user ?? name) {
                    // The record does not say who the owner is. That is known only now.
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
                known.isBroker = isBroker
                enter(known, session, isProven: isProven)
                charge(known, known.usageWhileConnected)
                attach(known, to: session)
                dropKept(known)
                return .bound(known)
            }
            let state = makeState(name, user: user, isProven: isProven)
            state.isBroker = isBroker
            enter(state, session, isProven: isProven)
            components[ExactText(name)] = state
            return .bound(state)
        }
    }

    /// Connects a state that has not been charged to anybody yet.
    private func enter(_ state: ComponentState, _ session: Session, isProven: Bool) {
        state.session = session
        state.principal.isProven = isProven
        for topic in state.exposed {
            liveRoutes.expire(topic: topic.string)
            if providers[topic]?.contains(state) == true { count(method: topic.string, of: state, by: 1) }
        }
        state.host = session.host
        state.owner = owner(user: isProven ? state.user : nil, host: state.host)
        state.awaySince = 0
    }

    func makeState(_ name: String, user: String? = nil, isProven: Bool = false) -> ComponentState {
        let tenant = NameRules.tenant(of: user ?? name)
        return ComponentState(
            principal: Principal(name: user ?? name, tenant: tenant, isProven: false), name: name,
            number: number(of: name, isProven: isProven), tenant: store.number(of: tenant), limits: limits,
            partitionCount: store.partitionCount, namespaces: namespaces)
    }

    /// The connection that has a name at the moment.
    func holder(of name: String) -> Session? {
        lock.withLock { components[ExactText(name)]?.session }
    }

    /// Sets whether a component's name is proven.
    func setProven(_ state: ComponentState, _ isProven: Bool) {
        lock.withLock {
            state.principal.isProven = isProven
            expireRoutes(to: state)
        }
    }

    /// The state of a connection without a name; nil for a connection that has ended.
    func anonymousState(of session: Session?) -> ComponentState {
        lock.withLock {
            let state = ComponentState(
                principal: Principal(name: nil, tenant: ".", isProven: false), name: nil, number: 0,
                tenant: store.number(of: "."), limits: limits, partitionCount: store.partitionCount,
                namespaces: namespaces)
            state.session = session
            return state
        }
    }

    /// Removes a session's state from the routes when its connection ends. The subscriptions and methods of a named
    /// component stay with its state; of an anonymous one nothing stays (known-defects.md R18).
    func release(_ state: ComponentState) {
        lock.withLock {
            keepInterests(state)
            for subscription in state.subscriptions.values { detach(subscription, of: state) }
            for topic in state.exposed {
                liveRoutes.expire(topic: topic.string)
                if providers[topic]?.contains(state) == true { count(method: topic.string, of: state, by: -1) }
            }
            state.session = nil
            state.principal.isProven = false
            if state.isTransient {
                state.forgetClient()
                state.gatewayBytes = 0
            }
            if state.name == nil || state.isForgettable || !remember(state) {
                dropKept(state)
                for topic in state.exposed { removeProvider(state, topic) }
                if let name = state.name {
                    components[ExactText(name)] = nil
                    // The record of the name is deleted too.
                    if !state.isForgettable { for action in onForget { action(name) } }
                }
                charge(state, .init())
            }
        }
    }
}
