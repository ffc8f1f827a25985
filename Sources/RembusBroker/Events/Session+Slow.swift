import RembusTransport

/// Events about slow components: one when a component stops reading what is delivered, and one when it has caught up.
extension Session {
    func noteSlow(_ subscription: Subscription) {
        guard !losses.isKnownAsSlow else { return }
        losses.isKnownAsSlow = true
        report(.slow(topic: subscription.shown))
        lane.watch(self)
    }

    /// Called by the timer while the component is slow. Without a store there is no reader whose end would show that it
    /// has caught up.
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
