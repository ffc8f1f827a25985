import RembusTransport
import RembusTrust

extension BrokerCore {
    /// Writes an action of a peer to the audit log. `claiming` is the name that the peer claims while it has none. A
    /// guest, such as the sender of an HTTP request, has the name of its user.
    func audit(
        _ action: String, _ session: Session, claiming name: String? = nil, outcome: String,
        _ details: [String: String] = [:]
    ) {
        trust.audit?.record(
            AuditEvent(
                action: action, name: session.state.name ?? session.state.user ?? name,
                address: session.peerAddress, outcome: outcome, details: details))
    }

    /// Writes changes by other processes in the file of rights to the audit log.
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
