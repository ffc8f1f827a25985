/// The routes that one lane has resolved, found by the bytes of the topic without making a `String`.
///
/// Open addressing with linear probing. A full cache is emptied, because topics in use are resolved again soon.
struct RouteCache {
    private var slots: [Route?]
    private var count = 0
    private var targets = 0
    private let mask: Int
    private static let capacity = 1 << 14
    /// The most targets of all routes together, to limit the memory for many topics with many subscribers each.
    private static let maxTargets = 1 << 20

    init() {
        slots = Array(repeating: nil, count: Self.capacity)
        mask = Self.capacity - 1
    }

    /// Whether there is no room for another route.
    var isFull: Bool { count >= Self.capacity / 2 || targets > Self.maxTargets }

    /// The route of a topic, which may be stale; nil when there is none.
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

    /// Removes stale routes, because they keep sessions alive that may have ended.
    mutating func removeStale() {
        let kept = slots.compactMap { $0?.isStale == false ? $0 : nil }
        guard kept.count < count else { return }
        self = RouteCache()
        for route in kept { insert(route) }
    }

    /// Adds a route, in place of an older one for the same topic. The cache must not be full.
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
