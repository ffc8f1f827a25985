import RembusTransport
package import RembusWire

/// The position of a subscription's delivery, for gateways whose peers say where they want to continue.
extension GatewaySession {
    /// Where the delivery of a subscription starts.
    package enum Start: Sendable, Equatable {
        /// With the publications that are received from now on.
        case now
        /// With those that were received in the last so many nanoseconds.
        case ago(Double)
        /// With those that were received behind a position that ``position(of:)`` returned.
        case behind([UInt64])
    }

    /// For each partition of the store, the receive time of the newest publication that was sent for a subscription.
    package func position(of topic: String) -> [UInt64] {
        session.state.subscriptions[ExactText(topic)]?.marks ?? []
    }

    /// Subscribes, including the session's own publications, and starts the delivery of all subscriptions.
    ///
    /// Unlike the subscription of a component without a name, this one includes past publications, as far as the store
    /// and the broker's replay window reach. Private topics are left out as usual.
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
            // The position may be from a run with another number of event loops. Every partition then starts at its lowest mark,
            // so that none misses anything.
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
