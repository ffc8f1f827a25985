import NIOConcurrencyHelpers
import NIOCore
import RembusStore
import RembusWire

/// The state of components from an earlier run of the broker.
extension RoutingTables {
    /// Restores the records of an earlier run. Call it before the first connection.
    func restore(_ storage: BrokerStorage) {
        lock.withLock {
            for component in storage.restored where !component.isEmpty { restore(component) }
            let now = clock.uptime()
            for publication in storage.recentPublications {
                let state = components[ExactText(publication.publisher)] ?? makeState(publication.publisher)
                if components.updateValue(state, forKey: ExactText(publication.publisher)) == nil { offline += 1 }
                _ = state.duplicates.insert(publication.id, now: now)
            }
            for state in components.values { charge(state, state.usageWhileAway) }
            trim()
        }
        storage.late?.receive { [weak self] in self?.restore(late: $0, keeper: storage.components) }
    }

    /// Restores records that were found after the start. Those of components that have connected by then are skipped,
    /// because they state themselves what they want.
    private func restore(late records: [ComponentRecord], keeper: ComponentKeeper?) {
        lock.withLock {
            for record in records where !record.isEmpty && components[ExactText(record.name)] == nil {
                let state = restore(PackedComponent(record))
                charge(state, state.usageWhileAway)
                keeper?.save(record)
            }
            trim()
        }
    }

    @discardableResult
    private func restore(_ component: PackedComponent) -> ComponentState {
        let state = makeState(component.name)
        state.restore(component)
        setAway(state, component.head)
        components[ExactText(component.name)] = state
        offline += 1
        for topic in component.head.exposed { addProvider(state, topic) }
        return state
    }
}
