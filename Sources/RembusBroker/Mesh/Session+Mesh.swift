import Logging
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

    // MARK: What the other end is told

    /// Carries out what the mesh has decided about this link.
    func performMeshActions() {
        guard let broker = brokerLink, !isClosed else { return }
        lane.beginBurst()
        perform(core.mesh.takeActions(broker.id), broker)
        lane.endBurst()
    }

    func perform(_ actions: [MeshTable.Action], _ broker: BrokerLink) {
        var asksForPast = false
        for action in actions {
            switch action {
            case .tell(_, let interest, let path, let messageFrom):
                broker.noteTold(interest)
                // Other brokers have no past of patterns.
                let messageFrom = broker.isOurs || !interest.isPattern ? messageFrom : 0
                if messageFrom > 0, !broker.isOurs { asksForPast = true }
                let command: AdminCommand = interest.kind == .method ? .expose : .subscribe(messageFrom: messageFrom)
                tell(command, interest, path)
            case .untell(_, let interest, let path):
                broker.noteUntold(interest)
                tell(interest.kind == .method ? .unexpose : .unsubscribe, interest, path)
            case .attach(_, let interest): attach(interest, broker)
            case .detach(_, let interest): detach(interest, broker)
            }
        }
        // That is when they give it.
        if asksForPast, broker.isStarted { startMesh(broker) }
    }

    private func tell(_ command: AdminCommand, _ interest: MeshInterest, _ path: [UInt64]) {
        guard case .map(var fields) = command.data else { return }
        fields[AdminCommand.Field.routeMarks] = .array(path.map { .integer(Int64(bitPattern: $0)) })
        fields[AdminCommand.Field.touchedNames] = .array([.text(state.user ?? "")])
        sendMessage(.admin(.init(id: .random(), topic: interest.text.string, data: .map(fields))))
    }

    /// Tells the other end everything, and that this one takes publications.
    /// - Parameter isListed: Whether it has got a list of what can stand in one.
    func startMesh(_ broker: BrokerLink, _ actions: [MeshTable.Action], isListed: Bool) {
        var actions = actions
        if isListed {
            for case .tell(_, let interest, _, _) in actions { broker.noteTold(interest) }
            actions.removeAll { Self.isListed($0) }
        }
        perform(actions, broker)
        startMesh(broker)
    }

    /// To a broker of ours this also says that it knows everything now; others give what they have kept.
    private func startMesh(_ broker: BrokerLink) {
        broker.isStarted = true
        let command = AdminCommand.reactive(true, messageFrom: nil)
        sendMessage(.admin(.init(id: .random(), topic: "__config__", data: command.data)))
    }

    // MARK: What the other end wants

    private func attach(_ interest: MeshInterest, _ broker: BrokerLink) {
        guard broker.attached.insert(interest).inserted else { return }
        guard interest.kind == .subscription else { return tables.link(state, method: interest.text.string) }
        guard let subscription = state.subscriptions[interest.text] else { return }
        tables.link(self, state, subscription)
        if !broker.confirmed.insert(interest).inserted {
            // Another link had it meanwhile.
            subscription.skip(to: core.clock.wall())
            subscription.mode = .live
        } else {
            startCatchUp(subscription)
            continueCatchUp()
        }
    }

    private func detach(_ interest: MeshInterest, _ broker: BrokerLink) {
        guard broker.attached.remove(interest) != nil else { return }
        guard interest.kind == .subscription else { return tables.unlink(state, method: interest.text.string) }
        guard let subscription = state.subscriptions[interest.text] else { return }
        tables.unlink(state, subscription)
        past.catchUp?.remove(subscription)
        // What the other end wants no longer it does not want later either.
        dropUnheard(interest, broker)
    }

    private func drop(_ subscription: Subscription) {
        state.subscriptions[ExactText(subscription.topic)] = nil
        tables.discharge(state, subscription: subscription.topic)
        changed()
    }

    /// Carries out a command of the other end; nil for one that is no different from a component's.
    func receive(
        _ command: AdminCommand, _ admin: Message.Admin, from broker: BrokerLink
    ) -> (status: StatusCode, data: Value)? {
        switch command {
        case .subscribe(let messageFrom, _):
            return hear(MeshInterest(.subscription, admin.topic), admin.data, messageFrom: messageFrom, broker)
        case .expose: return hear(MeshInterest(.method, admin.topic), admin.data, messageFrom: 0, broker)
        case .unsubscribe: forget(MeshInterest(.subscription, admin.topic), admin.data, broker)
        case .unexpose: forget(MeshInterest(.method, admin.topic), admin.data, broker)
        case .setup(let exposers, let subscribers):
            hearList(methods: exposers, topics: subscribers, broker)
            isReactive = true
        case .reactive(let status, _):
            isReactive = status
            if status, broker.isOurs { forgetUnconfirmed(broker) }
            if status { continueCatchUp() }
        default: return nil
        }
        return (.ok, .null)
    }

    /// Takes what the other end has named in a list without paths, in a login's answer or a `setup`.
    func hearList(methods: [String], topics: [String], _ broker: BrokerLink) {
        let interests = methods.map { MeshInterest(.method, $0) } + topics.map { MeshInterest(.subscription, $0) }
        for interest in interests { _ = hear(interest, .null, messageFrom: 0, broker, isListed: true) }
    }

    private func hear(
        _ interest: MeshInterest, _ data: Value, messageFrom: Double, _ broker: BrokerLink, isListed: Bool = false
    ) -> (status: StatusCode, data: Value) {
        let topic = interest.text.string
        guard isUsable(topic) else { return (.error, .text(BrokerText.unusableTopic(limits))) }
        guard mayAsk(interest.kind == .method ? .expose : .subscribe, topic) else {
            return (.error, .text(refusalText(interest.kind == .method ? .expose : .subscribe, topic)))
        }
        let path = path(in: data, broker)
        // What has been here already is no interest of theirs.
        let isReturned = path.contains(core.mesh.own)
        if isReturned, !broker.isOurs { return (.ok, .null) }
        if !isReturned, let refusal = note(interest, messageFrom: messageFrom, broker) {
            return (.error, .text(refusal))
        }
        if !broker.isOurs, !broker.heard(interest, of: path[0], isListed: isListed) { return (.ok, .null) }
        core.mesh.hear(interest, from: broker.id, of: state.tenant, path: path, messageFrom: messageFrom)
        // At once, so that the answer is behind what it says.
        perform(core.mesh.takeActions(broker.id), broker)
        return (.ok, .null)
    }

    /// Makes the subscription of an interest, or changes how far back it goes. Gives why that is not possible.
    private func note(_ interest: MeshInterest, messageFrom: Double, _ broker: BrokerLink) -> String? {
        let topic = interest.text.string
        guard interest.kind == .subscription else {
            let count = broker.attached.count { $0.kind == .method }
            return count < limits.maxExposed ? nil : BrokerText.tooManyMethods(limits.maxExposed)
        }
        if let known = state.subscriptions[interest.text] {
            let isNew = !broker.confirmed.contains(interest)
            guard isNew ? messageFrom != known.messageFrom : messageFrom > known.messageFrom else { return nil }
            known.messageFrom = messageFrom
            changed()
            if broker.attached.contains(interest) { startCatchUp(known) }
            return nil
        }
        guard state.subscriptions.count < limits.maxSubscriptions else {
            return BrokerText.tooManySubscriptions(limits.maxSubscriptions)
        }
        if let text = noRoom(subscribing: [topic]) { return text }
        // A broker of another implementation hands what is older to everybody behind it, so it gets nothing of before.
        let mark = messageFrom > 0 && broker.isOurs ? 0 : core.clock.wall()
        let subscription = Subscription(
            topic: topic, messageFrom: messageFrom, marks: Array(repeating: mark, count: core.store.partitionCount))
        subscription.isForwarding = true
        state.subscriptions[interest.text] = subscription
        tables.charge(state, subscription: topic)
        changed()
        return nil
    }

    private func forget(_ interest: MeshInterest, _ data: Value, _ broker: BrokerLink) {
        let origin = path(in: data, broker)[0]
        guard broker.isOurs || broker.unheard(interest, of: origin) else { return }
        core.mesh.forget(interest, from: broker.id, of: state.tenant, origin: origin)
        perform(core.mesh.takeActions(broker.id), broker)
        dropUnheard(interest, broker)
    }

    /// The other end has said everything: what is left of an earlier connection and was not said again is over.
    private func forgetUnconfirmed(_ broker: BrokerLink) {
        for topic in Array(state.subscriptions.keys) { dropUnheard(MeshInterest(.subscription, topic.text), broker) }
    }

    /// Drops the subscription of an interest that the other end does not have.
    private func dropUnheard(_ interest: MeshInterest, _ broker: BrokerLink) {
        guard interest.kind == .subscription, let subscription = state.subscriptions[interest.text],
            subscription.isForwarding, !core.mesh.hasHeard(interest, from: broker.id, of: state.tenant)
        else { return }
        drop(subscription)
    }

    /// The path that an interest has come, from the broker whose components have it to the other end of the link.
    private func path(in data: Value, _ broker: BrokerLink) -> [UInt64] {
        let marks = data.mapValue?[AdminCommand.Field.routeMarks]?.arrayValue ?? []
        guard let last = marks.last.map(Self.number) else { return [broker.broker] }
        if broker.broker != last {
            broker.broker = last
            core.mesh.identify(broker.id, of: state.tenant, as: last)
        }
        return marks.suffix(MeshTable.maxPathLength + 1).map(Self.number)
    }

    /// The number of a broker; those of other implementations have up to 128 bits.
    private static func number(_ mark: Value) -> UInt64 {
        if let number = mark.uintValue, number < 1 << 53 { return number }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(mark)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash >> 11
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
