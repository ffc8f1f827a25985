import NIOConcurrencyHelpers
import RembusWire

/// Subscriptions to topics and patterns.
extension RoutingTables {
    /// Adds a subscription of a connected session to the routes.
    func subscribe(_ session: Session, _ state: ComponentState, _ subscription: Subscription) {
        lock.withLock {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
            charge(state, topic: subscription.topic, sign: 1)
        }
    }

    func unsubscribe(_ state: ComponentState, _ subscription: Subscription) {
        lock.withLock {
            detach(subscription, of: state)
            charge(state, topic: subscription.topic, sign: -1)
        }
    }

    func attach(_ state: ComponentState, to session: Session) {
        for subscription in state.subscriptions.values where session.serves(subscription) {
            insert(SubscriptionEntry(session: session, state: state, subscription: subscription))
        }
    }

    func insert(_ target: SubscriptionEntry) {
        count(target.subscription, of: target.state, by: 1)
        let topic = ExactText(target.subscription.matched)
        expireRoutes(along: target.subscription)
        if let pattern = target.subscription.pattern {
            patterns.insert(pattern, element: target)
            patternTopics[topic, default: 0] += 1
        } else {
            exact[topic, default: []].append(target)
        }
    }

    func detach(_ subscription: Subscription, of state: ComponentState) {
        let topic = ExactText(subscription.matched)
        if let pattern = subscription.pattern {
            guard patterns.remove(pattern, where: { $0.subscription === subscription }) else { return }
            if let count = patternTopics[topic] { patternTopics[topic] = count > 1 ? count - 1 : nil }
        } else {
            guard var targets = exact.removeValue(forKey: topic) else { return }
            let count = targets.count
            targets.removeAll { $0.subscription === subscription }
            if !targets.isEmpty { exact[topic] = targets }
            guard targets.count < count else { return }
        }
        count(subscription, of: state, by: -1)
        expireRoutes(along: subscription)
    }
}
