import NIOConcurrencyHelpers
import RembusStore
import RembusTrust
import RembusWire

/// Names and states for gateways: guests, and the state of clients.
extension RoutingTables {
    /// The state of a connection that acts for a user and has no name of its own. Nothing of it is kept.
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

    /// The record of a component that is not connected, as it would be saved; nil for a component that is connected or
    /// unknown.
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

    /// Deletes the state of a gateway's client of this name. Returns the record to be saved, or nil when the name is
    /// connected or unknown.
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

    /// Charges to a name what a gateway has kept for it from an earlier run. Call it before the first connection, and
    /// then ``trimRemembered()``.
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

    /// Reduces the state from an earlier run to the limits.
    func trimRemembered() {
        lock.withLock { trim() }
    }
}
