import RembusTransport

/// Readers of events hear once that a component does not take what comes, and once that it does again.
extension Session {
    func noteSlow(_ subscription: Subscription) {
        guard !losses.isKnownAsSlow else { return }
        losses.isKnownAsSlow = true
        report(.slow(topic: subscription.shown))
        lane.watch(self)
    }

    /// Called by the timer while the component is slow. Where nothing is stored there is no reader that comes to an end.
    func lookWhetherCaughtUp() {
        guard losses.isKnownAsSlow, past.catchUp == nil, !link.isCongested, !state.inFlight.isFull else { return }
        noteCaughtUp()
    }

    func noteCaughtUp() {
        guard losses.isKnownAsSlow else { return }
        losses.isKnownAsSlow = false
        report(.caughtUp)
    }
}
