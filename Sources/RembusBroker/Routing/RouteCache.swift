/// The routes that one lane has resolved, found by topic bytes without making a `String`.
///
/// Open addressing with linear probing; to be emptied when it is full, since a topic that matters comes again.
struct RouteCache {
    private var slots: [Route?]
    private var count = 0
    private var targets = 0
    private let mask: Int
    private static let capacity = 1 << 14
    /// Targets of all routes together: many topics that lead to many subscribers each are not all kept.
    private static let maxTargets = 1 << 20

    init() {
        slots = Array(repeating: nil, count: Self.capacity)
        mask = Self.capacity - 1
    }

    /// Whether there is no room for another route.
    var isFull: Bool { count >= Self.capacity / 2 || targets > Self.maxTargets }

    /// The route for the topic, a stale one too; nil when there is none.
    func find(_ topic: UnsafeRawBufferPointer, hash: UInt64) -> Route? {
        var index = Int(truncatingIfNeeded: hash) & mask
        while let route = slots[index] {
            if route.hash == hash, route.isFor(topic) { return route }
            index = (index &+ 1) & mask
        }
        return nil
    }

    func forEach(_ body: (Route) -> Void) {
        for case .some(let route) in slots { body(route) }
    }

    /// Forgets the routes that are stale: they hold on to sessions that may have ended.
    mutating func removeStale() {
        let kept = slots.compactMap { $0?.isStale == false ? $0 : nil }
        guard kept.count < count else { return }
        self = RouteCache()
        for route in kept { insert(route) }
    }

    /// Adds the route, in the place of an older one for the same topic. Not while the cache is full.
    mutating func insert(_ route: Route) {
        targets += route.targetCount
        var index = Int(truncatingIfNeeded: route.hash) & mask
        while let known = slots[index] {
            if known.hash == route.hash, known.utf8 == route.utf8 {
                targets -= known.targetCount
                slots[index] = route
                return
            }
            index = (index &+ 1) & mask
        }
        slots[index] = route
        count += 1
    }
}
