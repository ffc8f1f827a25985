import NIOConcurrencyHelpers
import RembusWire

/// The providers of methods.
extension RoutingTables {
    func expose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            addProvider(state, topic)
        }
    }

    func addProvider(_ state: ComponentState, _ topic: String) {
        let list = providers[ExactText(topic)] ?? ProviderList()
        providers[ExactText(topic)] = list
        if list.add(state) { liveRoutes.expire(topic: topic) }
    }

    func unexpose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            removeProvider(state, ExactText(topic))
            charge(state, topic: topic, sign: -1)
        }
    }

    func removeProvider(_ state: ComponentState, _ topic: ExactText) {
        guard let list = providers[topic], list.remove(state) else { return }
        if list.isEmpty { providers[topic] = nil }
        liveRoutes.expire(topic: topic.string)
    }

    func setHandler(_ handler: LocalHandler?, for topic: String) {
        lock.withLock {
            handlers[ExactText(topic)] = handler
            liveRoutes.expire(topic: topic)
        }
    }
}
