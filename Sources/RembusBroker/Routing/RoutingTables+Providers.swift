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
        guard list.add(state) else { return }
        liveRoutes.expire(topic: topic)
        if state.session != nil { count(method: topic, of: state, by: 1) }
    }

    func unexpose(_ state: ComponentState, _ topic: String) {
        lock.withLock {
            removeProvider(state, ExactText(topic))
            charge(state, topic: topic, sign: -1)
        }
    }

    func removeProvider(_ state: ComponentState, _ topic: ExactText) {
        guard let list = providers[topic], list.remove(state) else { return }
        if state.session != nil { count(method: topic.string, of: state, by: -1) }
        if list.isEmpty { providers[topic] = nil }
        liveRoutes.expire(topic: topic.string)
    }

    func setHandler(_ handler: LocalHandler?, for topic: String) {
        lock.withLock {
            countHandler(topic, handlers[ExactText(topic)], by: -1)
            countHandler(topic, handler, by: 1)
            handlers[ExactText(topic)] = handler
            liveRoutes.expire(topic: topic)
        }
    }
}
