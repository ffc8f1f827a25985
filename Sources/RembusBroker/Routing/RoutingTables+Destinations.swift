import NIOConcurrencyHelpers
import RembusTrust
import RembusWire

/// Publications to destinations other than components.
extension RoutingTables {
    /// Sends publications to a topic, or to those that a pattern matches, to a destination as well. It gets each
    /// publication once, however many of its topics match. Other components do not learn of this interest.
    func attach(_ destination: Destination, to topic: String) {
        lock.withLock {
            destinations.insert(TopicPattern(topic), element: destination)
            expireRoutes(of: topic)
        }
    }

    /// Ends what ``attach(_:to:)`` has started.
    func detach(_ destination: Destination, from topic: String) {
        lock.withLock {
            if destinations.remove(TopicPattern(topic), where: { $0 === destination }) { expireRoutes(of: topic) }
        }
    }

    /// The destinations of a topic. Called under the lock.
    func destinations(of topic: String) -> [Destination] {
        guard destinations.count > 0 else { return [] }
        var found: [Destination] = []
        destinations.forEachMatch(of: topic) { destination in
            guard !found.contains(where: { $0 === destination }) else { return }
            let mayHave = destination.principal.map { currentRules.allows($0, .subscribe, topic) } ?? true
            if mayHave { found.append(destination) }
        }
        return found
    }

    private func expireRoutes(of topic: String) {
        if TopicPattern.isPattern(topic) {
            liveRoutes.expire(pattern: TopicPattern(topic))
        } else {
            liveRoutes.expire(topic: topic)
        }
    }
}
