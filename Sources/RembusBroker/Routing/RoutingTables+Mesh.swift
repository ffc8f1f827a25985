import NIOConcurrencyHelpers
import RembusStore
import RembusWire

/// What other brokers hear of components, and what they want and provide themselves (docs/spec/protocol.md §9).
extension RoutingTables {
    // MARK: Links

    /// Puts a subscription of a link into the routes.
    func link(_ session: Session, _ state: ComponentState, _ subscription: Subscription) {
        lock.withLock { insert(SubscriptionEntry(session: session, state: state, subscription: subscription)) }
    }

    func unlink(_ state: ComponentState, _ subscription: Subscription) {
        lock.withLock { detach(subscription, of: state) }
    }

    /// Has calls of a method go along a link.
    func link(_ state: ComponentState, method: String) {
        lock.withLock { addProvider(state, method) }
    }

    func unlink(_ state: ComponentState, method: String) {
        lock.withLock { removeProvider(state, ExactText(method)) }
    }

    /// Charges a link with a subscription that may not be in the routes.
    func charge(_ state: ComponentState, subscription: String) {
        lock.withLock { charge(state, topic: subscription, sign: 1) }
    }

    func discharge(_ state: ComponentState, subscription: String) {
        lock.withLock { charge(state, topic: subscription, sign: -1) }
    }

    // MARK: Components

    /// Begins to tell the mesh of what components of a tenant want and provide, unless it is told already.
    func trackMesh(_ tenant: UInt32) {
        lock.withLock {
            guard !mesh.tracks(tenant) else { return }
            var interests: [(interest: MeshInterest, messageFrom: Double)] = []
            func add(_ entry: SubscriptionEntry) {
                guard entry.tenant == tenant, !entry.state.isBroker else { return }
                interests.append(
                    (MeshInterest(.subscription, entry.subscription.matched), entry.subscription.messageFrom))
            }
            for entries in exact.values { entries.forEach(add) }
            patterns.forEach(add)
            for (method, list) in providers {
                for state in list.states where state.tenant == tenant && !state.isBroker && state.session != nil {
                    interests.append((MeshInterest(.method, method.text), 0))
                }
            }
            for (method, handler) in handlers where isOffered(handler, method, to: tenant) {
                interests.append((MeshInterest(.method, method.text), 0))
            }
            for state in components.values where state.tenant == tenant && state.session == nil && !state.isBroker {
                let kept = state.keptInterests(namespaces)
                state.kept = kept
                interests += kept
            }
            mesh.track(tenant, interests)
        }
    }

    // MARK: Under the lock

    /// A component's subscription comes into the routes, or goes.
    func count(_ subscription: Subscription, of state: ComponentState, by count: Int) {
        guard !state.isBroker else { return }
        mesh.change(
            MeshInterest(.subscription, subscription.matched), of: state.tenant, by: count,
            messageFrom: subscription.messageFrom)
    }

    /// A connected component provides a method, or no longer.
    func count(method: String, of state: ComponentState, by count: Int) {
        guard !state.isBroker else { return }
        mesh.change(MeshInterest(.method, method), of: state.tenant, by: count)
    }

    /// A method that the broker itself answers comes or goes.
    func countHandler(_ method: String, _ handler: LocalHandler?, by count: Int) {
        guard let handler else { return }
        for tenant in mesh.trackedTenants where isOffered(handler, ExactText(method), to: tenant) {
            mesh.change(MeshInterest(.method, method), of: tenant, by: count)
        }
    }

    /// Whether other brokers may call a method of this one. Those that tell about the broker are every broker's own, and
    /// administrators ask the broker that they mean.
    private func isOffered(_ handler: LocalHandler, _ method: ExactText, to tenant: UInt32) -> Bool {
        guard !BuiltIns.unlisted.contains(method.string) else { return false }
        guard case .service(let service) = handler else { return true }
        guard !service.needsAdministrator, service.topics != nil else { return false }
        guard let owner = service.tenant else { return true }
        return store.number(of: owner) == tenant
    }

    /// A component leaves that will want what it misses: its interests stay, until ``dropKept(_:)``.
    func keepInterests(_ state: ComponentState) {
        guard state.name != nil, !state.isBroker, !state.isTransient, mesh.tracks(state.tenant) else { return }
        state.kept = state.keptInterests(namespaces)
        for entry in state.kept {
            mesh.change(entry.interest, of: state.tenant, by: 1, messageFrom: entry.messageFrom)
        }
    }

    /// It is back, or forgotten.
    func dropKept(_ state: ComponentState) {
        guard !state.kept.isEmpty else { return }
        for entry in state.kept { mesh.change(entry.interest, of: state.tenant, by: -1) }
        state.kept = []
    }
}

extension ComponentState {
    /// What the component will want of what it misses while it is away.
    fileprivate func keptInterests(
        _ namespaces: SubscriptionNamespaces
    ) -> [(interest: MeshInterest, messageFrom: Double)] {
        if let packed {
            return (packed.record?.subscriptions ?? []).filter { $0.messageFrom > 0 }.map { saved in
                let matched = namespaces.owner(of: saved.topic)?.meaning(of: saved.topic).topic ?? saved.topic
                return (MeshInterest(.subscription, matched), saved.messageFrom)
            }
        }
        return subscriptions.values.filter { $0.messageFrom > 0 }.map {
            (MeshInterest(.subscription, $0.matched), $0.messageFrom)
        }
    }
}
