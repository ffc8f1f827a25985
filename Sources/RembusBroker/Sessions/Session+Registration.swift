import Logging
import NIOCore
import RembusTransport
import RembusTrust
import RembusWire

/// Registering and unregistering keys (protocol.md §7.5).
extension Session {
    func receive(_ register: Message.Register) {
        guard state.name == nil else { return respond(register.id, .error, .text(BrokerText.identified)) }
        let name = register.name
        if let refusal = NameRules.refusal(of: name, broker: core.configuration.name, maxBytes: limits.maxNameBytes) {
            return respond(register.id, .error, .text(refusal))
        }
        wait()
        core.identities.register(register, address: host, on: lane.eventLoop) { [self] status, data in
            proceed {
                self.core.logger.notice(
                    "\(self.label) registering \(name): \(data.stringValue ?? "done")", metadata: self.facts)
                self.core.audit(
                    "register", self, claiming: name, outcome: status == .ok ? "stored" : "refused",
                    data.stringValue.map { ["reason": $0] } ?? [:])
                self.respond(register.id, status, data)
            }
        }
    }

    func unregister(_ id: MessageID) {
        guard isProven, let name = state.name else { return respond(id, .error, .text(BrokerText.unprovenKeyRemoval)) }
        wait()
        core.identities.unregister(name, on: lane.eventLoop) { [self] isRemoved in
            proceed {
                self.core.audit("unregister", self, outcome: isRemoved ? "removed" : "failed")
                self.respond(id, isRemoved ? .ok : .error, isRemoved ? .null : .text(BrokerText.noOwnKey))
                guard isRemoved else { return }
                // The proof was by the key that was just removed.
                self.isProven = false
                // The rights have to be checked again.
                self.lastRoute.forget()
                self.tables.setProven(self.state, false)
                if self.mustProve { self.link.close(code: 1000, reason: "") }
            }
        }
    }
}
