/// Decides when the writer of the lake writes a batch, pauses, does maintenance and ends. It uses no thread and no
/// clock: it gets the time and the events, and returns what to do.
struct WriterTurns {
    typealias Instant = ContinuousClock.Instant

    /// Whether to write now.
    enum Call: Equatable {
        /// Nothing: a batch is in progress, or a later call will come anyway.
        case nothing
        /// Write a batch, and then call ``batchEnded(_:wrote:isAwaited:now:)``.
        case write
        /// Call ``called(isAwaited:now:)`` at this time, and not at an earlier one that was asked for.
        case wake(at: Instant)
    }

    /// What to do after a batch.
    enum AfterBatch: Equatable {
        /// Do maintenance. This also happens while the journal is ahead for hours, because files that are never merged
        /// make batches slow.
        case tidy(then: Next)
        /// The lake does not work. Call ``called(isAwaited:now:)`` at this time.
        case retry(at: Instant)
    }

    enum Next: Equatable {
        /// Let others use the thread who wait for it, and then call ``turnCame()``.
        case turn
        case rest
        /// Call ``called(isAwaited:now:)`` at this time.
        case wake(at: Instant)
    }

    /// What to do next during a stop.
    enum Drain: Equatable {
        /// Log how much time is left unless that is nil, wait, and write a batch; then call
        /// ``drained(_:canMend:now:)``.
        case write(left: Duration?, after: Duration)
        /// Everything is in the lake. The end.
        case end
        /// The rest stays in the journal. The end.
        case giveUp
    }

    private enum State {
        case resting
        case writing
        /// A turn is pending.
        case queued
        case draining(deadline: Instant, report: Instant)
        case ended
    }

    /// How soon a waiting request is served again, when what it waits for is not on the disk yet, which the journal
    /// reports, or its receive time is still ahead of the clock.
    private static let awaitedPause = Duration.milliseconds(20)
    private static let drainPause = Duration.milliseconds(250)
    private static let reportInterval = Duration.seconds(1)

    private var state = State.resting
    private var schedule: WriteSchedule
    /// When a batch that has failed may be tried again.
    private var retryAt: Instant?

    init(_ schedule: WriteSchedule) { self.schedule = schedule }

    var isStopping: Bool {
        switch state {
        case .resting, .writing, .queued: false
        case .draining, .ended: true
        }
    }

    /// Called when there may be something to write, or at the time that was asked for.
    /// - Parameter isAwaited: Whether a request waits for publications in the next batch.
    mutating func called(isAwaited: Bool, now: Instant) -> Call {
        guard case .resting = state else { return .nothing }
        let due = max(schedule.due(isAwaited: isAwaited, now: now), retryAt ?? now)
        return due > now ? .wake(at: due) : write()
    }

    /// The interval is over, whatever has been written.
    mutating func intervalEnded(now: Instant) -> Call {
        guard case .resting = state, retryAt.map({ $0 <= now }) ?? true else { return .nothing }
        return write()
    }

    /// Others who waited for the thread have used it.
    mutating func turnCame() -> Call {
        guard case .queued = state else { return .nothing }
        return write()
    }

    private mutating func write() -> Call {
        state = .writing
        return .write
    }

    /// - Parameter time: The time that it took, if something was written.
    mutating func batchEnded(
        _ outcome: BatchOutcome, wrote time: Duration?, isAwaited: Bool, now: Instant
    ) -> AfterBatch {
        if let time { schedule.wrote(in: time, now: now) }
        switch outcome {
        case .more:
            (state, retryAt) = (.queued, nil)
            return .tidy(then: .turn)
        case .done:
            (state, retryAt) = (.resting, nil)
            return .tidy(then: isAwaited ? .wake(at: now + Self.awaitedPause) : .rest)
        case .failed(let delay):
            let due = now + delay
            (state, retryAt) = (.resting, due)
            return .retry(at: due)
        }
    }

    /// The broker stops, and writes what the journal has accepted to the lake before the end. Usually this takes less
    /// than a second. After a failure it may be hours of publications, which are then written after the next start. A
    /// batch that has failed is tried at once.
    mutating func stop(within time: Duration, now: Instant) -> Drain {
        guard !isStopping else { return .end }
        state = .draining(deadline: now + time, report: now + Self.reportInterval)
        return .write(left: nil, after: .zero)
    }

    /// - Parameter canMend: False when waiting does not help, because the catalog's file is gone.
    mutating func drained(_ outcome: BatchOutcome, canMend: Bool, now: Instant) -> Drain {
        guard case .draining(let deadline, let report) = state else { return .end }
        let hasFailed = if case .failed = outcome { true } else { false }
        guard outcome != .done, now < deadline, !hasFailed || canMend else {
            state = .ended
            return outcome == .done ? .end : .giveUp
        }
        let left: Duration? = now >= report ? deadline - now : nil
        if left != nil { state = .draining(deadline: deadline, report: now + Self.reportInterval) }
        return .write(left: left, after: hasFailed ? Self.drainPause : .zero)
    }
}
