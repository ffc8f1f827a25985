import NIOConcurrencyHelpers
import RembusTrust
import RembusWire

/// Components that are brokers themselves.
extension RoutingTables {
    /// A component that is a broker itself.
    struct BrokerPeer {
        let name: String
        let session: Session
    }

    /// Records that a session leads to another broker, until it is released.
    func addBroker(_ state: ComponentState) {
        lock.withLock { brokers.append(state) }
    }

    /// The connected brokers of a tenant that may know a topic.
    func brokers(of tenant: UInt32, knowing topic: String) -> [BrokerPeer] {
        lock.withLock {
            brokers.compactMap { state in
                guard state.tenant == tenant, let name = state.name, let session = state.session,
                    currentRules.allows(state.principal, .subscribe, topic)
                else { return nil }
                return BrokerPeer(name: name, session: session)
            }
        }
    }
}
