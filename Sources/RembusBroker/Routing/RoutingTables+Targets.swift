import NIOConcurrencyHelpers
import RembusWire

/// Components that are called by their name.
extension RoutingTables {
    /// The outcome of looking up a name for `direct` (behaviour.md §8, rule 3).
    enum Target {
        case connected(Session, tenant: UInt32)
        case offline(tenant: UInt32)
        case unknown
    }

    func target(_ name: String) -> Target {
        lock.withLock {
            guard let state = components[ExactText(name)] else { return .unknown }
            guard let session = state.session else { return .offline(tenant: state.tenant) }
            return .connected(session, tenant: state.tenant)
        }
    }
}
