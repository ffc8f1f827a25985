import RembusStore
import RembusTrust
import RembusWire

/// What the broker at the other end of a link wants and provides, for itself and for those behind it (docs/spec/protocol.md §9.2).
extension Session {
    /// What the other end wants is used from now on.
    func attach(_ interest: MeshInterest, _ broker: BrokerLink) {
        guard broker.attached.insert(interest).inserted else { return }
        guard interest.kind == .subscription else { return tables.link(state, method: interest.text.string) }
        guard let subscription = state.subscriptions[interest.text] else { return }
        subscription.pastUntil = core.clock.wall()
        tables.link(self, state, subscription)
        if !broker.confirmed.insert(interest).inserted {
            // Another link had it meanwhile.
            subscription.skip(to: core.clock.wall())
            subscription.mode = .live
        } else {
            startCatchUp(subscription)
            if subscription.messageFrom > 0 { subscription.givenSince = subscription.cutoff }
            continueCatchUp()
        }
    }

    /// It is no longer.
    func detach(_ interest: MeshInterest, _ broker: BrokerLink) {
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
        if let probe = MeshProbe(admin.topic) {
            if case .subscribe = command { hear(probe, broker) }
            return (.ok, .null)
        }
        switch command {
        case .subscribe(let messageFrom, _):
            return hear(MeshInterest(wanted: admin.topic), admin.data, messageFrom: messageFrom, broker)
        case .expose: return hear(MeshInterest(.method, admin.topic), admin.data, messageFrom: 0, broker)
        case .unsubscribe: forget(MeshInterest(wanted: admin.topic), admin.data, broker)
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

    private func hear(_ probe: MeshProbe, _ broker: BrokerLink) {
        core.mesh.hear(probe, from: broker.id, of: state.tenant, now: lane.now)
        perform(core.mesh.takeActions(broker.id), broker)
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
        // Others do not know what they pass on.
        guard broker.isOurs || interest.kind != .link else { return (.ok, .null) }
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
        switch interest.kind {
        case .link: return nil
        case .method:
            let count = broker.attached.count { $0.kind == .method }
            return count < limits.maxExposed ? nil : BrokerText.tooManyMethods(limits.maxExposed)
        case .subscription: break
        }
        if let known = state.subscriptions[interest.text] {
            let isNew = !broker.confirmed.contains(interest)
            guard isNew ? messageFrom != known.messageFrom : messageFrom > known.messageFrom else { return nil }
            known.messageFrom = messageFrom
            changed()
            if broker.isOurs, broker.attached.contains(interest) { giveOlder(known) }
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
        subscription.givenSince = core.clock.wall()
        state.subscriptions[interest.text] = subscription
        tables.charge(state, subscription: topic)
        changed()
        return nil
    }

    /// Somebody behind the link wants more of the past than anybody did: what is older than all that the link has got.
    private func giveOlder(_ subscription: Subscription) {
        guard past.catchUp?.contains(subscription) != true else { return }
        subscription.beginAgain()
        startCatchUp(subscription)
        if subscription.mode == .live {
            subscription.endCatchUp()
        } else {
            subscription.givenSince = subscription.cutoff
        }
        continueCatchUp()
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
        // It is one broker for as long as the connection lasts.
        if !broker.isIdentified {
            broker.isIdentified = true
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
}
