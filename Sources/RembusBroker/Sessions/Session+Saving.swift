import RembusTransport
import RembusWire

/// Changes of a component are on the disk before they are answered. Answers wait for that, and one sync serves all that
/// wait.
extension Session {
    /// When more answers than this wait, nothing is read from the peer until they have left.
    private static let maxHeldAnswers = 10_000

    /// Whether this connection's component is saved at all.
    var isKept: Bool { core.storage.components != nil && state.name != nil }

    /// Calls `answer` when all changes in this unit of work and those before it are on the disk, unless the connection
    /// has ended by then. This must be part of a unit of work.
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

    // MARK: After the answer

    func answered(subscription topic: String) {
        guard let subscription = state.subscriptions[ExactText(topic)] else { return }
        if subscription.mode == .unanswered { subscription.mode = .live }
        if isReactive { startCatchUp(subscription) }
    }

    func answered(method topic: String) {
        held.methods.remove(ExactText(topic))
        if state.exposed.contains(ExactText(topic)) { tables.expose(state, topic) }
    }

    /// Ends the wait of all held subscriptions and methods, also when there is no peer left to be answered.
    func answeredAll() {
        for subscription in state.subscriptions.values where subscription.mode == .unanswered {
            subscription.mode = .live
        }
        for topic in held.methods where state.exposed.contains(topic) { tables.expose(state, topic.string) }
        held.methods = []
    }
}
