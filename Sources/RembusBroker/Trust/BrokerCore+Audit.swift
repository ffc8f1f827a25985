import RembusTransport
import RembusTrust

extension BrokerCore {
    /// Writes down what a peer did. `claiming` is the name that it wanted, when it has none yet.
    func audit(
        _ action: String, _ session: Session, claiming name: String? = nil, outcome: String,
        _ details: [String: String] = [:]
    ) {
        trust.audit?.record(
            AuditEvent(
                action: action, name: session.state.name ?? name, address: session.link.remoteAddress,
                outcome: outcome, details: details))
    }
}
