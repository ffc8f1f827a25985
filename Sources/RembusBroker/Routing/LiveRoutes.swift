import RembusWire

/// The routes that lanes have resolved and may use: where a change finds those that it makes stale.
///
/// Guarded by the routing tables' lock. A route is in here exactly as long as it is not stale, so a lane that drops one
/// from its cache has to make it stale. No more routes are in here than the caches have room for, and a search that would
/// look at too many of them makes all of a lane stale instead, which its next publications pay for.
struct LiveRoutes {
    private var lanes: [LaneRoutes] = []

    /// Takes a route that was resolved just now.
    mutating func add(_ route: Route) {
        while lanes.count <= route.lane { lanes.append(LaneRoutes()) }
        lanes[route.lane].add(route)
    }

    /// Whether routes of a lane have become stale since this was asked last, which each lane does once a second.
    mutating func takeStale(lane: Int) -> Bool {
        lane < lanes.count && lanes[lane].takeStale()
    }

    /// What a topic leads to has changed.
    mutating func expire(topic: String) {
        for lane in lanes.indices { lanes[lane].expire(topic: topic) }
    }

    /// What the topics lead to that a pattern stands for has changed.
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

/// Those of one lane.
struct LaneRoutes {
    /// Segments that patterns may look at in vain per second at most: about a thousandth of that time.
    static let patience = 1 << 14
    /// Segments of topics that are kept at most: of topics with many segments not all are.
    static let maxSegments = 1 << 15

    private var usable = TopicDirectory<Route>()
    /// Those that nothing can be published along: no subscription is in them, and their topics may be of any length.
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
