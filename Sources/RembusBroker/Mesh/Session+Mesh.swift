import Logging
import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire

/// A connection to another broker: what both ends tell each other of interests (docs/spec/protocol.md §9).
extension Session {
    /// Puts the link into the mesh. Gives what the other end is to be told first.
    func joinMesh(_ broker: BrokerLink) -> [MeshTable.Action] {
        guard let name = state.name else { return [] }
        let (mesh, principal) = (core.mesh, principal)
        tables.trackMesh(state.tenant)
        for subscription in state.subscriptions.values { subscription.isForwarding = true }
        gateway.keepsTrailer = broker.isOurs
        gateway.deliverySink = BrokerLinkSink(self, broker)
        isReactive = true
        past.window = .infinity
        resumeDeliveries()
        let entry = broker.join { mesh.mayKnow(principal, $0) }
        let actions = mesh.join(entry, self, of: state.tenant, name: name)
        if !broker.isOurs { probeRegularly(broker) }
        core.logger.notice(
            "linked with the broker \(label)",
            metadata: facts.merging(["broker": "\(broker.isOurs ? "rembus-swift" : "other")"]) { $1 })
        return actions
    }

    /// Takes the link out, with all routes that lead along it.
    func leaveMesh(_ broker: BrokerLink) {
        guard let entry = broker.entry, let name = state.name else { return }
        core.mesh.leave(entry, of: state.tenant, name: name)
        for interest in broker.attached where interest.kind == .method {
            tables.unlink(state, method: interest.text.string)
        }
        broker.attached = []
        alignMarks()
    }

    /// A publication that several subscriptions of the link match is sent along one of them: for the others it counts as sent.
    private func alignMarks() {
        let live = state.subscriptions.values.filter { $0.isForwarding && $0.mode == .live }
        guard let first = live.first else { return }
        var marks = first.marks
        for subscription in live {
            for index in marks.indices { marks[index] = max(marks[index], subscription.marks[index]) }
        }
        for subscription in live { subscription.advance(to: marks) }
    }

    // MARK: Cycles

    private func probeRegularly(_ broker: BrokerLink) {
        lane.eventLoop.assumeIsolated().scheduleTask(in: MeshCycles.interval) { [weak self, weak broker] in
            guard let self, let broker, brokerLink === broker, !isClosed else { return }
            lane.beginBurst()
            core.mesh.probe(broker.id, of: state.tenant, now: lane.now)
            perform(core.mesh.takeActions(broker.id), broker)
            lane.endBurst()
            probeRegularly(broker)
        }
    }

    private func send(_ probe: MeshProbe, _ broker: BrokerLink) {
        tell(.subscribe(messageFrom: 0), probe.topic, [core.mesh.own])
        // Others remember it until then.
        if !broker.isOurs { tell(.unsubscribe, probe.topic, [core.mesh.own]) }
    }

    private func rest(_ isResting: Bool, _ broker: BrokerLink) {
        broker.isResting = isResting
        core.logger.notice(
            isResting
                ? "the link with \(label) rests: brokers of other implementations behind it are reached by another link too, and what they send would go round"
                : "the link with \(label) is used again: there is no other way to the brokers behind it",
            metadata: facts)
    }

    // MARK: What the other end is told

    /// Carries out what the mesh has decided about this link.
    func performMeshActions() {
        guard let broker = brokerLink, !isClosed else { return }
        lane.beginBurst()
        perform(core.mesh.takeActions(broker.id), broker)
        lane.endBurst()
    }

    func perform(_ actions: [Mesh.Action], _ broker: BrokerLink) {
        for action in actions {
            switch action {
            case .interest(let action): perform(action, broker)
            case .probe(let probe): send(probe, broker)
            case .rest(let isResting): rest(isResting, broker)
            }
        }
    }

    private func perform(_ action: MeshTable.Action, _ broker: BrokerLink) {
        switch action {
        case .tell(_, let interest, let path, let messageFrom):
            broker.noteTold(interest)
            tell(interest.kind == .method ? .expose : .subscribe(messageFrom: messageFrom), interest.text.string, path)
        case .untell(_, let interest, let path):
            broker.noteUntold(interest)
            tell(interest.kind == .method ? .unexpose : .unsubscribe, interest.text.string, path)
        case .attach(_, let interest): attach(interest, broker)
        case .detach(_, let interest): detach(interest, broker)
        }
    }

    private func tell(_ command: AdminCommand, _ topic: String, _ path: [UInt64]) {
        guard case .map(var fields) = command.data else { return }
        fields[AdminCommand.Field.routeMarks] = .array(path.map { .integer(Int64(bitPattern: $0)) })
        fields[AdminCommand.Field.touchedNames] = .array([.text(state.user ?? "")])
        sendMessage(.admin(.init(id: .random(), topic: topic, data: .map(fields))))
    }

    /// Tells the other end everything, and that this one takes publications.
    /// - Parameter isListed: Whether it has got a list of what can stand in one.
    func startMesh(_ broker: BrokerLink, _ actions: [MeshTable.Action], isListed: Bool) {
        var actions = actions
        if isListed {
            for case .tell(_, let interest, _, _) in actions { broker.noteTold(interest) }
            actions.removeAll { Self.isListed($0) }
        }
        for action in actions { perform(action, broker) }
        // To a broker of ours this also says that it knows everything now; others give what they have kept.
        let command = AdminCommand.reactive(true, messageFrom: nil)
        sendMessage(.admin(.init(id: .random(), topic: "__config__", data: command.data)))
    }

    // MARK: Lists

    /// What the answer to the login of a broker says: topics that can be called here or elsewhere, topics that are wanted
    /// (protocol.md §9.1). One of ours gets them one by one, with their paths.
    func exports(_ actions: [MeshTable.Action], for broker: BrokerLink) -> Value {
        if broker.isOurs {
            let own: Value = .map(ValueMap(uniqueKeysWithValues: [(Self.meshKey, .integer(Int64(core.mesh.own)))]))
            return .array([.array([]), .array([]), own])
        }
        func texts(_ kind: MeshInterest.Kind) -> Value {
            let texts = actions.compactMap { action -> ExactText? in
                guard Self.isListed(action, kind), case .tell(_, let interest, _, _) = action else { return nil }
                return interest.text
            }
            return .array(texts.sorted().map { .text($0.string) })
        }
        return .array([texts(.method), texts(.subscription)])
    }

    /// Whether an action is done when the interest stands in the answer to the login: patterns are not taken from there.
    static func isListed(_ action: MeshTable.Action, _ kind: MeshInterest.Kind? = nil) -> Bool {
        guard case .tell(_, let interest, _, _) = action else { return false }
        return !interest.isPattern && (kind == nil || interest.kind == kind)
    }

    /// What only brokers of ours have, who tell paths and read trailers: in `meta`, and in the answer to a login with the number of
    /// the broker.
    static let meshKey = "mesh"
}
