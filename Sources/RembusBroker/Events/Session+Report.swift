import Logging
import RembusTransport
import Synchronization

extension Session {
    /// Reports something that has happened to this connection everywhere at once: counts it, writes it to the log and
    /// the audit log, and publishes an event. The log limits the lines of each place in the code, which is that of the
    /// caller.
    func report(
        _ event: SessionEvent, file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        count(event)
        if let cause = event.endCause { endCause = cause }
        if let level = event.level {
            core.logger.log(
                level: level, "\(event.sentence(self))", metadata: facts(topic: event.topic), file: file,
                function: function, line: line)
        }
        if core.trust.audit != nil, let record = event.record(self) {
            core.audit(record.action, self, claiming: record.name, outcome: record.outcome, record.details)
        }
        core.events.emit(event.kind(self))
    }

    private func count(_ event: SessionEvent) {
        let counters = core.counters
        switch event {
        case .refusedName(_, _, isFailedProof: true), .failedProof:
            counters.failedLogins.wrappingAdd(1, ordering: .relaxed)
        case .malformed: counters.malformed.wrappingAdd(1, ordering: .relaxed)
        // These were refused by the framing. Messages that the session refuses are counted as `.malformed`.
        case .ended(let reason) where reason.isViolation:
            counters.malformed.wrappingAdd(1, ordering: .relaxed)
        case .tooSlow: counters.slowConsumers.wrappingAdd(1, ordering: .relaxed)
        case .overtaken(let bytes): counters.overrunBytes.wrappingAdd(bytes, ordering: .relaxed)
        case .unacknowledged(let count, _): counters.unacknowledged.wrappingAdd(count, ordering: .relaxed)
        default: break
        }
    }
}

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
