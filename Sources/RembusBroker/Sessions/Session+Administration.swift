import Logging
import NIOCore
import RembusIdentity
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Commands of administrators (protocol.md §8, behaviour.md §12).
extension Session {
    func receive(_ administration: Administration, _ admin: Message.Admin) {
        guard tables.rules.isAdministrator(principal) else {
            core.counters.denied.wrappingAdd(1, ordering: .relaxed)
            core.logger.notice(
                "\(label) is not an administrator and may not use \(administration.name)", metadata: facts)
            core.audit("admin.\(administration.name)", self, outcome: "denied", ["topic": admin.topic])
            return respond(admin.id, .error, .text(BrokerText.needsAdministrator(administration.name)))
        }
        switch administration {
        case .change(let change): apply(change, admin.id)
        case .key(let change): apply(change, admin.id)
        case .load: reload(admin.id)
        case .unusable(_, let text): respond(admin.id, .error, .text(text))
        default: answer(administration, admin.id)
        }
    }

    /// Answers the commands that need no access to the disk.
    private func answer(_ administration: Administration, _ id: MessageID) {
        switch administration {
        case .privateTopics: respond(id, .ok, TrustListing.privateTopics(core.trust.store.document))
        case .trust: respond(id, .ok, TrustListing.all(core.trust.store.document, core.configuration))
        case .routes: respond(id, .ok, tables.listing())
        case .connections: return listConnections(id)
        case .nodes: return listNodes(id)
        case .disconnect(let name): return disconnect(name, id)
        // Changes are on the disk before they are answered, so there is nothing to save.
        case .save: respond(id, .ok, .null)
        case .logLevel(let level):
            let isKnown = core.setLogLevel(level)
            respond(id, isKnown ? .ok : .error, isKnown ? .null : .text(BrokerText.unknownLogLevel(level)))
        case .shutdown:
            respond(id, .ok, .null)
            core.requestShutdown()
        default: respond(id, .error, .null)
        }
        core.audit("admin.\(administration.name)", self, outcome: "done")
    }

    private func apply(_ change: RuleChange, _ id: MessageID) {
        wait()
        core.identities.administer(on: lane.eventLoop) { [core, limits] trust in
            do throws(TrustError) {
                try change.check(limits)
                try trust.store.update { document throws(TrustError) in change.apply(to: &document) }
                // The rules are applied here, off the event loop, because compiling many of them takes time.
                core.applyRules()
                return (.ok, .null)
            } catch {
                return (.error, .text("\(error)"))
            }
        } _: { [self] status, data in
            core.audit(
                "admin.\(change.name)", self, outcome: status == .ok ? "done" : "failed", change.details)
            proceed { self.respond(id, status, data) }
        }
    }

    private func apply(_ change: KeyChange, _ id: MessageID) {
        if let refusal = NameRules.refusal(
            of: change.name, broker: core.configuration.name, maxBytes: limits.maxNameBytes)
        {
            return respond(id, .error, .text(refusal))
        }
        wait()
        core.identities.administer(on: lane.eventLoop) { [core] trust in
            guard let keys = trust.keys else { return (.error, .text(BrokerText.noKeys)) }
            do {
                switch change {
                case .secret(let name, let secret): try keys.setSharedSecret(secret, for: name)
                case .remove(let name):
                    let hadKey = try keys.remove(name)
                    // Certificates are not stored here. The broker records that those issued until now are no longer
                    // valid.
                    try trust.store.update { document throws(TrustError) in document.remove(name) }
                    core.applyRules()
                    // The answer has a field only in the unusual case, so that it is otherwise that of earlier
                    // versions.
                    return (.ok, hadKey ? .null : .map(["had_key": .bool(false)]))
                }
                return (.ok, .null)
            } catch {
                return (.error, .text("\(error)"))
            }
        } _: { [self] status, data in
            core.audit(
                "admin.\(Administration.key(change).name)", self, outcome: status == .ok ? "done" : "failed",
                ["cid": change.name])
            proceed { self.respond(id, status, data) }
        }
    }

    private func reload(_ id: MessageID) {
        wait()
        core.identities.administer(on: lane.eventLoop) { [core] trust in
            _ = trust.store.reloadIfChanged()
            core.applyRules()
            return (.ok, .null)
        } _: { [self] status, data in
            core.audit("admin.load_config", self, outcome: "done")
            proceed { self.respond(id, status, data) }
        }
    }

    // MARK: Connections

    /// Asks every lane in turn for its connections.
    private func listConnections(_ id: MessageID) {
        core.audit("admin.connections", self, outcome: "done")
        wait()
        let lanes = core.lanes
        let parts = lanes.map { lane in
            lane.eventLoop.submit { lane.sessions.values.map(\.listing) }
        }
        EventLoopFuture.whenAllSucceed(parts, on: lane.eventLoop).whenComplete { [self] result in
            let all = (try? result.get())?.flatMap { $0 } ?? []
            proceed { self.respond(id, .ok, .array(all)) }
        }
    }

    /// This connection as administrators see it.
    private var listing: Value {
        .map([
            "name": state.name.map { .text($0) } ?? .null, "address": .text(link.remoteAddress),
            "proven": .bool(isProven), "tenant": .text(principal.tenant),
            "subscriptions": .integer(Int64(state.subscriptions.count)),
            "exposed": .integer(Int64(state.exposed.count)), "backlog": .integer(Int64(link.backlog)),
            "in_flight": .integer(Int64(state.inFlight.count)), "calls": .integer(Int64(calls.openCount)),
            "dropped": .integer(Int64(losses.count)), "dropped_bytes": .integer(Int64(clamping: losses.bytes)),
        ])
    }

    private func disconnect(_ name: String, _ id: MessageID) {
        let holder = tables.holder(of: name)
        core.audit("admin.disconnect", self, outcome: holder == nil ? "failed" : "done", ["cid": name])
        guard let holder else { return respond(id, .error, .text(BrokerText.notConnected(name))) }
        respond(id, .ok, .null)
        holder.lane.eventLoop.execute {
            holder.report(.expelled)
            holder.link.close(code: 1008, reason: "disconnected by an administrator")
            holder.lane.endBurst()
        }
    }
}
