import NIOConcurrencyHelpers
import RembusStore
import RembusTrust
import RembusWire

/// Names and states as doors need them: guests, and what MQTT clients leave.
extension RoutingTables {
    /// The state of a connection that acts for a user and has no name of its own: nothing of it is kept.
    func guestState(of session: Session, user: String, isProven: Bool) -> ComponentState {
        lock.withLock {
            let tenant = NameRules.tenant(of: user)
            let state = ComponentState(
                principal: Principal(name: user, tenant: tenant, isProven: isProven), name: nil,
                number: store.number(of: user), tenant: store.number(of: tenant), limits: limits)
            state.session = session
            return state
        }
    }

    /// Whether a name is known, connected or not.
    func isKnown(_ name: String) -> Bool {
        lock.withLock { components[ExactText(name)] != nil }
    }

    /// Drops what an MQTT client of this name left behind; the record to be written down, unless the name is connected or
    /// unknown.
    func forgetMQTT(_ name: String) -> ComponentRecord? {
        lock.withLock {
            guard let state = components[ExactText(name)], state.session == nil else { return nil }
            state.forgetMQTT()
            if state.isForgettable {
                components[ExactText(name)] = nil
                offline -= 1
            }
            return state.record(host: "", isConnected: false)
        }
    }
}
