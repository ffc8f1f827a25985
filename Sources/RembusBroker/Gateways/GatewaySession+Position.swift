import RembusTransport
package import RembusWire

/// Where the delivery of one subscription stands, for gateways whose peers say where they want to go on.
extension GatewaySession {
    /// From where on a subscription is delivered.
    package enum Start: Sendable, Equatable {
        /// What comes from now on.
        case now
        /// What was received in the last so many nanoseconds too.
        case ago(Double)
        /// What was received behind a position that ``position(of:)`` gave.
        case behind([UInt64])
    }

    /// Per partition of the store the receive time of the newest publication that was sent for a subscription.
    package func position(of topic: String) -> [UInt64] {
        session.state.subscriptions[ExactText(topic)]?.marks ?? []
    }

    /// Subscribes, own publications included, and starts the delivery of everything that is subscribed.
    ///
    /// Unlike a component without a name this reaches into the past, as far as the store and the broker's replay window
    /// do; what is private is left out as usual.
    package func follow(_ topic: String, from start: Start) -> (status: StatusCode, data: Value) {
        let outcome = session.perform(.subscribe(messageFrom: 0), topic: topic)
        guard outcome.status == .ok, let subscription = session.state.subscriptions[ExactText(topic)] else {
            return outcome
        }
        subscription.hearsOwn = true
        session.isReactive = true
        let now = session.core.clock.wall()
        let oldest = session.core.replayWindow >= Double(now) ? 0 : now - UInt64(session.core.replayWindow)
        switch start {
        case .now: return outcome
        case .ago(let window):
            let time = window >= Double(now) ? 0 : now - UInt64(max(0, window))
            subscription.marks = subscription.marks.map { _ in time }
        case .behind(let marks):
            // Another number of event loops than at that time: no partition may miss anything.
            let fits = marks.count == subscription.marks.count
            let least = marks.min() ?? now
            subscription.marks = subscription.marks.indices.map { min(fits ? marks[$0] : least, now) }
        }
        guard session.recordsPublications, !session.isServer else {
            subscription.skip(to: now)
            return outcome
        }
        subscription.cutoff = oldest
        session.enter(subscription)
        session.continueCatchUp()
        return outcome
    }
}
