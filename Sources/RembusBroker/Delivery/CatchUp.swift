import RembusStore
import RembusWire

/// The subscriptions of one connection that read from the store until they have caught up with what is live.
///
/// One pass over the log serves them all, so a component with a thousand subscriptions costs one reader and gets its
/// past in the order in which it was received.
final class CatchUp {
    private(set) var subscriptions: [Subscription] = []
    /// Per partition, where the reader stands.
    var positions: [StorePosition]
    /// True while the connection or its window of unacknowledged deliveries is full.
    var isWaiting = false
    /// True while a continuation is queued on the event loop.
    var isScheduled = false
    private var matches: [UInt64: [Subscription]] = [:]

    init(positions: [StorePosition]) {
        self.positions = positions
    }

    func contains(_ subscription: Subscription) -> Bool {
        subscriptions.contains { $0 === subscription }
    }

    func add(_ subscription: Subscription) {
        subscription.mode = .catchingUp
        if !contains(subscription) { subscriptions.append(subscription) }
        matches = [:]
    }

    func remove(_ subscription: Subscription) {
        subscriptions.removeAll { $0 === subscription }
        matches = [:]
    }

    /// The subscriptions that a topic belongs to.
    func matching(_ hash: UInt64, topic: () -> String) -> [Subscription] {
        if let known = matches[hash] { return known }
        let text = topic()
        let found = subscriptions.filter { $0.pattern?.matches(text) ?? (ExactText($0.topic) == ExactText(text)) }
        if matches.count >= 10_000 { matches = [:] }
        matches[hash] = found
        return found
    }
}
