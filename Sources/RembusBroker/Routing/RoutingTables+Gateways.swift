import NIOConcurrencyHelpers
import RembusStore
import RembusTrust
import RembusWire

/// Names and states as gateways need them: guests, and what clients leave.
extension RoutingTables {
    /// The state of a connection that acts for a user and has no name of its own: nothing of it is kept.
    func guestState(of session: Session, user: String, isProven: Bool) -> ComponentState {
        lock.withLock {
            let tenant = NameRules.tenant(of: user)
            let state = ComponentState(
                principal: Principal(name: user, tenant: tenant, isProven: isProven), name: nil,
                number: number(of: user, isProven: isProven), tenant: store.number(of: tenant), limits: limits,
                partitionCount: store.partitionCount, namespaces: namespaces)
            state.session = session
            return state
        }
    }

    /// Forgets ids of publications, unless the name is connected.
    func forgetDuplicates(_ ids: [MessageID], of name: String) {
        lock.withLock {
            guard let state = components[ExactText(name)], state.session == nil else { return }
            for id in ids { state.duplicates.remove(id) }
        }
    }

    /// What would be written down of a component that is not connected; nil for one that is, or that nobody knows.
    func keptRecord(of name: String) -> ComponentRecord? {
        lock.withLock {
            guard let state = components[ExactText(name)], state.session == nil else { return nil }
            return state.packed?.record ?? state.record(isConnected: false)
        }
    }

    /// Whether a name is known, connected or not.
    func isKnown(_ name: String) -> Bool {
        lock.withLock { components[ExactText(name)] != nil }
    }

    /// Drops what a gateway's client of this name left behind; the record to be written down, unless the name is connected
    /// or unknown.
    func forgetClient(_ name: String) -> ComponentRecord? {
        lock.withLock {
            guard let state = components[ExactText(name)], state.session == nil else { return nil }
            state.unpack()
            state.forgetClient()
            state.gatewayBytes = 0
            let record = state.record(isConnected: false)
            if state.isForgettable {
                charge(state, .init())
                components[ExactText(name)] = nil
                offline -= 1
            } else {
                state.pack()
                charge(state, state.usageWhileAway)
            }
            return record
        }
    }

    /// Notes what a gateway has kept of a name from an earlier run. Only before the first connection; ``trimRemembered()`` is
    /// to follow.
    func holdAway(_ bytes: Int, for name: String) {
        lock.withLock {
            guard limits.maxOfflineComponents > 0 else { return }
            let state = components[ExactText(name)] ?? makeState(name)
            guard state.session == nil else { return }
            if components.updateValue(state, forKey: ExactText(name)) == nil {
                offline += 1
                state.awaySince = clock.wall()
            }
            state.gatewayBytes = bytes
            charge(state, state.usageWhileAway)
        }
    }

    /// Brings what an earlier run has left within the limits.
    func trimRemembered() {
        lock.withLock { trim() }
    }
}
