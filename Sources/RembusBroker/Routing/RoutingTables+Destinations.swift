import NIOConcurrencyHelpers
import RembusTrust
import RembusWire

/// What goes elsewhere than to components.
extension RoutingTables {
    /// Has publications under a topic, or those that a pattern stands for, go to a destination: once each, however many of
    /// its topics match. Other components are not told that somebody wants the topic.
    func attach(_ destination: Destination, to topic: String) {
        lock.withLock {
            destinations.insert(TopicPattern(topic), element: destination)
            expireRoutes(of: topic)
        }
    }

    /// The opposite.
    func detach(_ destination: Destination, from topic: String) {
        lock.withLock {
            if destinations.remove(TopicPattern(topic), where: { $0 === destination }) { expireRoutes(of: topic) }
        }
    }

    /// Those that a topic leads to, under the lock.
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
