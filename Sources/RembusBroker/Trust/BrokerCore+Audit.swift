import RembusTransport
import RembusTrust

extension BrokerCore {
    /// Writes down what a peer did. `claiming` is the name that it wanted, when it has none yet. A guest, such as a request
    /// over HTTP, has the name of its user.
    func audit(
        _ action: String, _ session: Session, claiming name: String? = nil, outcome: String,
        _ details: [String: String] = [:]
    ) {
        trust.audit?.record(
            AuditEvent(
                action: action, name: session.state.name ?? session.state.user ?? name,
                address: session.peerAddress, outcome: outcome, details: details))
    }

    /// Writes down what other processes on this machine change in the file of rights.
    func auditOutsideChanges() {
        guard let audit = trust.audit else { return }
        trust.store.onOutsideChange { old, new in
            audit.record(
                AuditEvent(
                    action: "trust_file", address: "this machine", outcome: "adopted",
                    details: new.differences(from: old)))
        }
    }
}
