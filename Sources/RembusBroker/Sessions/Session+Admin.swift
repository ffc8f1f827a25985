import Logging
import RembusStore
import RembusTrust
import RembusWire

/// Admin commands: what a component wants to get and offers to do (protocol.md §8).
extension Session {
    func receive(_ admin: Message.Admin) {
        let command: AdminCommand
        do throws(WireError) {
            command = try AdminCommand(admin.data)
        } catch {
            core.logger.notice("malformed admin command from \(label): \(error)")
            return respond(admin.id, .error, .null)
        }
        if isReturned(admin.data) { return respond(admin.id, .ok, .null) }
        if let administration = Administration(command, topic: admin.topic, data: admin.data) {
            return receive(administration, admin)
        }
        let outcome = perform(command, topic: admin.topic)
        respond(admin.id, outcome.status, outcome.data)
        if outcome.status == .ok, command.isFlooded { flood(admin) }
        // Only now, so that the answer is ahead of what the command lets through.
        if outcome.status == .ok, case .reactive(true, _) = command { startReplay() }
        if outcome.status == .ok, case .setup = command { startReplay() }
        if outcome.status == .ok, case .subscribe = command { continueCatchUp() }
    }

    func perform(_ command: AdminCommand, topic: String) -> (status: StatusCode, data: Value) {
        switch command {
        case .subscribe(let messageFrom):
            guard isUsable(topic) else { return Self.unusableTopic }
            guard mayAsk(.subscribe, topic) else { return Self.refused }
            guard state.subscriptions[ExactText(topic)] != nil || state.subscriptions.count < limits.maxSubscriptions
            else {
                return (.error, .text("more than \(limits.maxSubscriptions) subscriptions"))
            }
            subscribe(topic, messageFrom: messageFrom)
        case .unsubscribe:
            guard mayAsk(.subscribe, topic) else { return Self.refused }
            unsubscribe(topic)
        case .expose:
            guard isUsable(topic) else { return Self.unusableTopic }
            guard mayAsk(.expose, topic) else { return Self.refused }
            guard state.exposed.contains(ExactText(topic)) || state.exposed.count < limits.maxExposed else {
                return (.error, .text("more than \(limits.maxExposed) exposed topics"))
            }
            expose(topic)
        case .unexpose:
            guard mayAsk(.expose, topic) else { return Self.refused }
            unexpose(topic)
        case .reactive(let status, let window):
            isReactive = status
            replayWindow = window ?? .infinity
        case .setup(let exposers, let subscribers):
            guard exposers.count <= limits.maxExposed, subscribers.count <= limits.maxSubscriptions,
                (exposers + subscribers).allSatisfy(isUsable)
            else { return Self.unusableTopic }
            // Topics that are not for this component stay in vain: routes leave it out.
            for topic in exposers where mayAsk(.expose, topic) { expose(topic) }
            // A window that is known from before stays (known-defects.md R11).
            for topic in subscribers where state.subscriptions[ExactText(topic)] == nil {
                subscribe(topic, messageFrom: 0)
            }
            isReactive = true
            replayWindow = .infinity
        case .privateTopic, .publicTopic, .authorize, .unauthorize:
            return (.error, .null)
        case .other:
            return (.unknownAdminCommand, .null)
        }
        return (.ok, .null)
    }

    private static let refused = (status: StatusCode.error, data: Value.text(unauthorized))

    /// Whether the component may have what it asks for. A pattern may always be asked for: it brings what is allowed.
    func mayAsk(_ action: TrustAction, _ topic: String) -> Bool {
        if action == .subscribe, TopicPattern.isPattern(topic) { return true }
        if may(action, topic) { return true }
        deny(action, topic)
        return false
    }

    private static let unusableTopic = (
        status: StatusCode.error, data: Value.text("the topic is empty, too long or has too many segments")
    )

    func isUsable(_ topic: String) -> Bool {
        !topic.isEmpty && topic.utf8.count <= limits.maxTopicBytes && !topic.utf8.starts(with: MQTTInterest.mark.utf8)
            && topic.utf8.count(where: { $0 == UInt8(ascii: "/") }) < limits.maxTopicSegments
    }

    func subscribe(_ topic: String, messageFrom: Double) {
        if let known = state.subscriptions[ExactText(topic)] {
            known.messageFrom = messageFrom
            changed()
            if isReactive { startCatchUp(known) }
            return
        }
        // An anonymous component has no past; a named one starts at the beginning, and its window decides.
        let mark = state.name == nil || messageFrom <= 0 ? WallClock.nanoseconds() : 0
        let subscription = Subscription(
            topic: topic, messageFrom: messageFrom, marks: Array(repeating: mark, count: core.store.partitionCount))
        state.subscriptions[ExactText(topic)] = subscription
        changed()
        if isReactive { startCatchUp(subscription) }
        tables.subscribe(self, state, subscription)
    }

    func unsubscribe(_ topic: String) {
        guard let subscription = state.subscriptions.removeValue(forKey: ExactText(topic)) else { return }
        tables.unsubscribe(subscription)
        catchUp?.remove(subscription)
        changed()
    }

    /// Has the component's new state written down at the end of this unit of work: an unsubscribed topic must not come
    /// back (known-defects.md R12).
    func changed() {
        state.hasChanged = true
        lane.saveSoon(self)
    }

    func expose(_ topic: String) {
        if state.exposed.insert(ExactText(topic)).inserted { changed() }
        tables.expose(state, topic)
    }

    private func unexpose(_ topic: String) {
        guard state.exposed.remove(ExactText(topic)) != nil else { return }
        tables.unexpose(state, topic)
        changed()
    }
}

extension AdminCommand {
    /// Whether the command changes what a topic leads to, which other brokers must know.
    fileprivate var isFlooded: Bool {
        switch self {
        case .subscribe, .unsubscribe, .expose, .unexpose: true
        default: false
        }
    }
}
