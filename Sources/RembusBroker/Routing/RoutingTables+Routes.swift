import NIOConcurrencyHelpers
import RembusTables
import RembusTrust
import RembusWire

/// Resolving a topic into a route, and finding the routes that a change makes stale.
extension RoutingTables {
    /// Resolves a topic for a lane, which may use the route until it is stale.
    func makeRoute(topic: String, hash: UInt64, lane: Int) -> Route {
        lock.withLock {
            let route = resolve(topic, hash: hash, lane: lane)
            liveRoutes.add(route)
            return route
        }
    }

    /// Makes the routes stale that a lane has dropped.
    func expireRoutes(lane: Int) {
        lock.withLock { liveRoutes.expire(lane: lane) }
    }

    /// Makes every route stale. Called when the event loops have ended, so that nothing is kept alive for them.
    func expireRoutes() {
        lock.withLock { liveRoutes.expireAll() }
    }

    /// Whether routes of a lane have become stale since the last call.
    func takeStale(lane: Int) -> Bool {
        lock.withLock { liveRoutes.takeStale(lane: lane) }
    }

    // MARK: Under the lock

    func resolve(_ topic: String, hash: UInt64, lane: Int) -> Route {
        let rules = currentRules
        let maxSegments = limits.maxTopicSegments
        var text = topic
        let objection = text.withUTF8 { TopicObjection(UnsafeRawBufferPointer($0), maxSegments: maxSegments) }
        var entries: [SubscriptionEntry] = []
        if objection == nil {
            entries = exact[ExactText(topic)] ?? []
            patterns.forEachMatch(of: topic) { entries.append($0) }
        }
        let list = providers[ExactText(topic)]
        var states = list?.states ?? []
        let isGuarded = rules.isGuarded(topic)
        if isGuarded {
            // A component may have lost its right since it subscribed or exposed.
            entries.removeAll { !rules.allows($0.state.principal, .subscribe, topic) }
            states.removeAll { $0.session != nil && !rules.allows($0.principal, .expose, topic) }
        }
        if mesh.isInUse {
            // A link gets a publication once, and calls go first to who is near.
            var links: Set<ObjectIdentifier> = []
            entries.removeAll { $0.state.isBroker && !links.insert(ObjectIdentifier($0.session)).inserted }
            states = states.filter { !$0.isBroker } + states.filter(\.isBroker)
        }
        return Route(
            topic: topic, hash: hash, lane: lane, isRecorded: isRecorded(topic), entries: entries,
            providers: states.map { Provider(state: $0, session: $0.session) },
            rotation: list?.rotation, handler: handlers[ExactText(topic)],
            destinations: objection == nil ? destinations(of: topic) : [], rules: isGuarded ? rules : nil,
            objection: objection, table: filledTables?.table(topic), keepsLast: keepsLast(topic))
    }

    private func keepsLast(_ topic: String) -> Bool {
        var isFound = false
        keptTopics.forEachMatch(of: topic) { _ in isFound = true }
        return isFound
    }

    /// Makes routes stale when a subscription is added or removed.
    func expireRoutes(along subscription: Subscription) {
        if let pattern = subscription.pattern {
            liveRoutes.expire(pattern: pattern)
        } else {
            liveRoutes.expire(topic: subscription.matched)
        }
    }

    /// Makes routes stale when the rights of a component have changed.
    func expireRoutes(to state: ComponentState) {
        for subscription in state.subscriptions.values { expireRoutes(along: subscription) }
        for topic in state.exposed { liveRoutes.expire(topic: topic.string) }
    }
}
