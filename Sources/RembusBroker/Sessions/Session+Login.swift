import Logging
import NIOCore
import RembusTransport
import RembusWire

/// Names: the identity handshake of free mode (protocol.md §7.2).
extension Session {
    func receive(_ identity: Message.Identity) {
        if identity.name.isEmpty { return respond(identity.id, .error, .text("empty cid")) }
        guard case .anonymous = login else {
            // A name is bound once per connection (known-defects.md S7).
            return respond(identity.id, .error, .text("already identified"))
        }
        let name = identity.name
        if let refusal = NameRules.refusal(of: name, broker: core.configuration.name, maxBytes: limits.maxNameBytes) {
            core.logger.notice("refused the name \(name.debugDescription) to \(link.remoteAddress): \(refusal)")
            return respond(identity.id, .error, .text(refusal))
        }
        bind(identity)
    }

    private func bind(_ identity: Message.Identity) {
        switch tables.bind(identity.name, to: self) {
        case .bound(let state):
            complete(identity, state)
        case .taken(let holder):
            guard core.configuration.overwriteConnection else {
                login = .anonymous
                core.logger.notice("refused the name \(identity.name) to \(link.remoteAddress): already connected")
                respond(identity.id, .error, .text("already connected"))
                takeDeferred()
                return
            }
            replace(holder, identity)
        }
    }

    /// Has the older connection of the name closed, on its own lane, and tries again (protocol.md §7.6).
    private func replace(_ holder: Session, _ identity: Message.Identity) {
        login = .binding
        let newcomer = self
        holder.lane.eventLoop.execute {
            holder.overwritten()
            newcomer.lane.eventLoop.execute { newcomer.bindAgain(identity) }
        }
    }

    private func overwritten() {
        core.logger.notice("\(label) is replaced by a new connection")
        link.close(code: 4000, reason: "overwritten")
        lane.endBurst()
    }

    private func bindAgain(_ identity: Message.Identity) {
        guard link.isOpen, case .binding = login else { return }
        lane.beginBurst()
        bind(identity)
        lane.endBurst()
    }

    private func complete(_ identity: Message.Identity, _ state: ComponentState) {
        let anonymous = self.state
        self.state = state
        login = .named
        meta = identity.meta
        if !meta.isEmpty { tables.addBroker(state) }
        adopt(anonymous)
        state.hasChanged = true
        lane.saveSoon(self)
        core.logger.info("\(label) connected")
        respond(identity.id, .ok, tables.exports(for: state, isBroker: !meta.isEmpty))
        takeDeferred()
    }

    /// What the connection did before it had a name now belongs to the name.
    private func adopt(_ anonymous: ComponentState) {
        guard !anonymous.subscriptions.isEmpty || !anonymous.exposed.isEmpty else { return }
        let (subscriptions, exposed) = (anonymous.subscriptions, anonymous.exposed)
        tables.release(anonymous)
        for subscription in subscriptions.values {
            subscribe(subscription.topic, messageFrom: subscription.messageFrom)
        }
        for topic in exposed { expose(topic.string) }
    }
}
