import Logging
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Admin commands: what a component subscribes to and exposes (protocol.md §8).
extension Session {
    /// Handles a command that a gateway hands over as a value. Returns false when the session accepts nothing. It
    /// counts as its frame would.
    func administer(_ admin: Message.Admin) -> Bool {
        guard link.isOpen, gate == .open else { return false }
        let topicLength = admin.topic.utf8.count
        let length = 2 + FrameWriter.idLength(admin.id) + FrameWriter.headLength(topicLength) + topicLength
        traffic.received(.control, bytes: length + admin.data.encodedCBORLength)
        receive(admin)
        return true
    }

    func receive(_ admin: Message.Admin) {
        let command: AdminCommand
        do throws(WireError) {
            command = try AdminCommand(admin.data)
        } catch {
            core.logger.notice("malformed admin command from \(label): \(error)", metadata: facts)
            return respond(admin.id, .error, .text(error.message))
        }
        if let brokerLink, let outcome = receive(command, admin, from: brokerLink) {
            return respond(admin.id, outcome.status, outcome.data)
        }
        if case .other(AdminCommand.Name.flush) = command {
            return respond(admin.id, .ok, takeUnansweredRefusals())
        }
        if let administration = Administration(command, topic: admin.topic, data: admin.data) {
            return receive(administration, admin)
        }
        let isHeld = command.isKept && isKept
        let outcome = perform(command, topic: admin.topic, isHeld: isHeld)
        guard isHeld, outcome.status == .ok else {
            return answer(admin, command, outcome, wasHeld: false)
        }
        answerWhenSaved { [self] in answer(admin, command, outcome, wasHeld: true) }
    }

    private func answer(
        _ admin: Message.Admin, _ command: AdminCommand, _ outcome: (status: StatusCode, data: Value), wasHeld: Bool
    ) {
        respond(admin.id, outcome.status, outcome.data)
        guard outcome.status == .ok else { return }
        // Only now, so that the answer is ahead of what the command lets through.
        switch command {
        case .reactive(true, _): startReplay()
        case .setup:
            answeredAll()
            startReplay()
        case .subscribe:
            if wasHeld { answered(subscription: admin.topic) }
            continueCatchUp()
        case .expose where wasHeld: answered(method: admin.topic)
        default: break
        }
    }

    /// Carries out a command. With `isHeld` its answer waits for the disk, and nothing that the command brings is sent
    /// before ``answered(subscription:)`` and the like.
    func perform(
        _ command: AdminCommand, topic: String, isHeld: Bool = false
    ) -> (status: StatusCode, data: Value) {
        switch command {
        case .subscribe(let messageFrom, let lastValue):
            guard isUsable(topic) else { return unusableTopic }
            guard mayAsk(.subscribe, topic) else { return refused(.subscribe, topic) }
            guard state.subscriptions[ExactText(topic)] != nil || state.subscriptions.count < limits.maxSubscriptions
            else {
                return (.error, .text(BrokerText.tooManySubscriptions(limits.maxSubscriptions)))
            }
            if let text = noRoom(subscribing: [topic]) { return (.error, .text(text)) }
            subscribe(topic, messageFrom: messageFrom, wantsLastValues: lastValue && messageFrom <= 0, isHeld: isHeld)
        case .unsubscribe:
            guard mayAsk(.subscribe, topic) else { return refused(.subscribe, topic) }
            unsubscribe(topic)
        case .expose:
            guard isUsable(topic) else { return unusableTopic }
            guard mayAsk(.expose, topic) else { return refused(.expose, topic) }
            guard state.exposed.contains(ExactText(topic)) || state.exposed.count < limits.maxExposed else {
                return (.error, .text(BrokerText.tooManyMethods(limits.maxExposed)))
            }
            if let text = noRoom(exposing: [topic]) { return (.error, .text(text)) }
            expose(topic, isHeld: isHeld)
        case .unexpose:
            guard mayAsk(.expose, topic) else { return refused(.expose, topic) }
            unexpose(topic)
        case .reactive(let status, let window):
            isReactive = status
            past.window = window ?? .infinity
        case .setup(let exposers, let subscribers):
            guard exposers.count <= limits.maxExposed, subscribers.count <= limits.maxSubscriptions,
                (exposers + subscribers).allSatisfy(isUsable)
            else { return unusableTopic }
            if let text = noRoom(subscribing: subscribers, exposing: exposers) { return (.error, .text(text)) }
            // Topics that the component has no right to are subscribed without effect: routes leave the component out.
            for topic in exposers where mayAsk(.expose, topic) { expose(topic, isHeld: isHeld) }
            // A subscription that is known keeps its window (known-defects.md R11).
            for topic in subscribers where state.subscriptions[ExactText(topic)] == nil {
                subscribe(topic, messageFrom: 0, isHeld: isHeld)
            }
            isReactive = true
            past.window = .infinity
        case .privateTopic, .publicTopic, .authorize, .unauthorize:
            return (.error, .null)
        case .other(let name):
            return (.unknownAdminCommand, .text(BrokerText.unknownCommand(name)))
        }
        return (.ok, .null)
    }

    /// Why the new topics among these cannot be held for want of room; nil when they can.
    func noRoom(subscribing: [String] = [], exposing: [String] = []) -> String? {
        var bytes = 0
        for topic in subscribing where state.subscriptions[ExactText(topic)] == nil {
            bytes += RegistrationLedger.bytes(of: topic)
        }
        for topic in exposing where !state.exposed.contains(ExactText(topic)) {
            bytes += RegistrationLedger.bytes(of: topic)
        }
        guard bytes > 0, let shortage = tables.shortage(ofBytes: bytes, for: state) else { return nil }
        core.counters.refusedRegistrations.wrappingAdd(1, ordering: .relaxed)
        return BrokerText.noRoom(shortage, tables.limits)
    }

    private func refused(_ action: TrustAction, _ topic: String) -> (status: StatusCode, data: Value) {
        (.error, .text(refusalText(action, topic)))
    }

    /// Whether the component may subscribe to or expose a topic. It may subscribe to any pattern, which brings only
    /// what it has the right to.
    func mayAsk(_ action: TrustAction, _ topic: String) -> Bool {
        if action == .subscribe, TopicPattern.isPattern(topic) { return true }
        if may(action, topic) { return true }
        deny(action, topic)
        return false
    }

    private var unusableTopic: (status: StatusCode, data: Value) { (.error, .text(BrokerText.unusableTopic(limits))) }

    func isUsable(_ topic: String) -> Bool {
        !topic.isEmpty && topic.utf8.count <= limits.maxTopicBytes && tables.namespaces.owner(of: topic) == nil
            && topic.utf8.count(where: { $0 == UInt8(ascii: "/") }) < limits.maxTopicSegments
    }

    func subscribe(_ topic: String, messageFrom: Double, wantsLastValues: Bool = false, isHeld: Bool = false) {
        if let known = state.subscriptions[ExactText(topic)] {
            known.messageFrom = messageFrom
            known.wantsLastValues = wantsLastValues
            changed()
            if isReactive, !isHeld { startCatchUp(known) }
            return
        }
        // The marks of an anonymous component start now. Those of a named one start at the beginning, and its window
        // limits replay.
        let mark = state.name == nil || messageFrom <= 0 ? core.clock.wall() : 0
        let subscription = Subscription(
            topic: topic, messageFrom: messageFrom, marks: Array(repeating: mark, count: core.store.partitionCount))
        subscription.wantsLastValues = wantsLastValues
        state.subscriptions[ExactText(topic)] = subscription
        changed()
        if isHeld {
            subscription.mode = .unanswered
        } else if isReactive {
            startCatchUp(subscription)
        }
        tables.subscribe(self, state, subscription)
        report(.subscribed(topic))
    }

    func unsubscribe(_ topic: String) {
        guard let subscription = state.subscriptions.removeValue(forKey: ExactText(topic)) else { return }
        tables.unsubscribe(state, subscription)
        past.catchUp?.remove(subscription)
        changed()
        report(.unsubscribed(subscription.shown))
    }

    /// Saves the component at the end of this unit of work. Otherwise an unsubscribed topic could come back after a
    /// crash (known-defects.md R12).
    func changed() {
        state.hasChanged = true
        lane.saveSoon(self)
    }

    func expose(_ topic: String, isHeld: Bool = false) {
        if state.exposed.insert(ExactText(topic)).inserted {
            tables.charge(method: topic, of: state)
            changed()
            if isHeld { held.methods.insert(ExactText(topic)) }
            report(.exposed(topic))
        }
        if !isHeld { tables.expose(state, topic) }
    }

    private func unexpose(_ topic: String) {
        guard state.exposed.remove(ExactText(topic)) != nil else { return }
        tables.unexpose(state, topic)
        changed()
        report(.unexposed(topic))
    }
}

extension AdminCommand {
    /// Whether the command changes the saved state of a component.
    fileprivate var isKept: Bool {
        switch self {
        case .subscribe, .unsubscribe, .expose, .unexpose, .setup: true
        default: false
        }
    }
}
