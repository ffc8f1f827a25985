import RembusWire

/// The routes that lanes have resolved and may use. A change of the tables finds here the routes that it makes stale.
///
/// Guarded by the routing tables' lock. A route is in here exactly as long as it is not stale, so a lane that drops a
/// route from its cache has to make it stale. The caches limit the number of routes. A search that would look at too
/// many makes all routes of a lane stale instead, which then have to be resolved again.
struct LiveRoutes {
    private var lanes: [LaneRoutes] = []

    /// Adds a route that was just resolved.
    mutating func add(_ route: Route) {
        while lanes.count <= route.lane { lanes.append(LaneRoutes()) }
        lanes[route.lane].add(route)
    }

    /// Whether routes of a lane have become stale since the last call, which each lane makes once a second.
    mutating func takeStale(lane: Int) -> Bool {
        lane < lanes.count && lanes[lane].takeStale()
    }

    /// Makes the routes of a topic stale.
    mutating func expire(topic: String) {
        for lane in lanes.indices { lanes[lane].expire(topic: topic) }
    }

    /// Makes the routes of all topics stale that a pattern matches.
    mutating func expire(pattern: TopicPattern) {
        for lane in lanes.indices { lanes[lane].expire(pattern: pattern) }
    }

    mutating func expire(lane: Int) {
        if lane < lanes.count { lanes[lane].expireAll() }
    }

    mutating func expireAll() {
        for lane in lanes.indices { lanes[lane].expireAll() }
    }

    func forEach(_ body: (Route) -> Void) {
        for lane in lanes { lane.forEach(body) }
    }
}

/// The routes of one lane.
struct LaneRoutes {
    /// The most segments per second that searches for patterns may visit without a match: about a thousandth of the
    /// time.
    static let patience = 1 << 14
    /// The most segments of topics in the tree. When there are more, all routes become stale.
    static let maxSegments = 1 << 15

    private var usable = TopicDirectory<Route>()
    /// Routes of topics that cannot be published to, which may have any length. They have no subscriptions.
    private var unusable: [ExactText: Route] = [:]
    private var hasStale = false
    private var patience = Self.patience

    mutating func add(_ route: Route) {
        if usable.nodeCount >= Self.maxSegments { expireAll() }
        if route.objection == nil {
            expire(usable.insert(route, for: route.topic))
        } else {
            expire(unusable.updateValue(route, forKey: ExactText(route.topic)))
        }
    }

    mutating func takeStale() -> Bool {
        defer { (hasStale, patience) = (false, Self.patience) }
        return hasStale
    }

    mutating func expire(topic: String) {
        expire(usable.remove(topic) ?? unusable.removeValue(forKey: ExactText(topic)))
    }

    mutating func expire(pattern: TopicPattern) {
        guard usable.count > 0 else { return }
        guard let routes = usable.values(matching: pattern, patience: &patience) else { return expireAll() }
        for route in routes { expire(usable.remove(route.topic)) }
    }

    mutating func expireAll() {
        for route in usable.removeAll() { expire(route) }
        for route in unusable.values { expire(route) }
        unusable = [:]
    }

    private mutating func expire(_ route: Route?) {
        guard let route else { return }
        route.expire()
        hasStale = true
    }

    func forEach(_ body: (Route) -> Void) {
        usable.forEach(body)
        unusable.values.forEach(body)
    }
}
