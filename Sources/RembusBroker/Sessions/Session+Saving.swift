import RembusTransport
import RembusWire

/// What is kept of a component is on the disk before it hears of it: answers wait for that, all of one moment for the same
/// sync.
extension Session {
    /// More answers than this waiting, and nothing is read from the peer until they have left.
    private static let maxHeldAnswers = 10_000

    /// Whether something of this connection's component is written down at all.
    var isKept: Bool { core.storage.components != nil && state.name != nil }

    /// Calls `answer`, unless the connection has ended by then, when everything is on the disk that this unit of work and
    /// those before it have changed. Part of a unit of work.
    func answerWhenSaved(_ answer: @escaping () -> Void) {
        held.count += 1
        if held.count == Self.maxHeldAnswers { link.pauseReading() }
        lane.whenSaved { [self] in
            held.count -= 1
            guard !isClosed else { return }
            if held.count == 0 { readOn() }
            answer()
        }
    }

    // MARK: What an answer lets through

    func answered(subscription topic: String) {
        guard let subscription = state.subscriptions[ExactText(topic)] else { return }
        if subscription.mode == .unanswered { subscription.mode = .live }
        if isReactive { startCatchUp(subscription) }
    }

    func answered(method topic: String) {
        held.methods.remove(ExactText(topic))
        if state.exposed.contains(ExactText(topic)) { tables.expose(state, topic) }
    }

    /// Everything that waited; also when there is nobody left to be told.
    func answeredAll() {
        for subscription in state.subscriptions.values where subscription.mode == .unanswered {
            subscription.mode = .live
        }
        for topic in held.methods where state.exposed.contains(topic) { tables.expose(state, topic.string) }
        held.methods = []
    }
}
