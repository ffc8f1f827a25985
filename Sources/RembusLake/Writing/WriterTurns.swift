/// When the writer of the lake writes a batch, rests, tidies up and ends. It knows no thread and no clock: it is told the
/// time, and what happened, and answers with what to do.
struct WriterTurns {
    typealias Instant = ContinuousClock.Instant

    /// Whether to write now.
    enum Call: Equatable {
        /// Nothing is to be done: a batch is under way, or a later call is to come anyway.
        case nothing
        /// Write a batch, then ``batchEnded(_:wrote:isAwaited:now:)``.
        case write
        /// Call ``called(isAwaited:now:)`` at this time, and not at an earlier one that was asked for.
        case wake(at: Instant)
    }

    /// What comes behind a batch.
    enum AfterBatch: Equatable {
        /// Tidy up. Also while the journal is ahead for hours: files that are never merged slow down the batches themselves.
        case tidy(then: Next)
        /// The lake does not work: call ``called(isAwaited:now:)`` at this time.
        case retry(at: Instant)
    }

    enum Next: Equatable {
        /// Let those have their turn who wait for the thread, then ``turnCame()``.
        case turn
        case rest
        /// Call ``called(isAwaited:now:)`` at this time.
        case wake(at: Instant)
    }

    /// What a stop does next.
    enum Drain: Equatable {
        /// Say how much time is left unless that is nil, wait, and write a batch; then ``drained(_:canMend:now:)``.
        case write(left: Duration?, after: Duration)
        /// Everything is in the lake. The end.
        case end
        /// The journal keeps the rest. The end.
        case giveUp
    }

    private enum State {
        case resting
        case writing
        /// A turn is to come.
        case queued
        case draining(deadline: Instant, report: Instant)
        case ended
    }

    /// Whoever waits for the lake is answered within so much when what it waits for is not on the disk yet, which the journal
    /// will say, or its time is still ahead by the clock.
    private static let awaitedPause = Duration.milliseconds(20)
    private static let drainPause = Duration.milliseconds(250)
    private static let reportInterval = Duration.seconds(1)

    private var state = State.resting
    private var schedule: WriteSchedule
    /// When a batch that failed may be tried again.
    private var retryAt: Instant?

    init(_ schedule: WriteSchedule) { self.schedule = schedule }

    var isStopping: Bool {
        switch state {
        case .resting, .writing, .queued: false
        case .draining, .ended: true
        }
    }

    /// There may be something to write, or the time has come that was asked for.
    /// - Parameter isAwaited: True when somebody waits for what the next batch will have.
    mutating func called(isAwaited: Bool, now: Instant) -> Call {
        guard case .resting = state else { return .nothing }
        let due = max(schedule.due(isAwaited: isAwaited, now: now), retryAt ?? now)
        return due > now ? .wake(at: due) : write()
    }

    /// The interval is over, however much has been written.
    mutating func intervalEnded(now: Instant) -> Call {
        guard case .resting = state, retryAt.map({ $0 <= now }) ?? true else { return .nothing }
        return write()
    }

    /// Those who waited for the thread have had their turn.
    mutating func turnCame() -> Call {
        guard case .queued = state else { return .nothing }
        return write()
    }

    private mutating func write() -> Call {
        state = .writing
        return .write
    }

    /// - Parameter time: How long it took when something was written.
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

    /// The broker stops: what the journal has accepted goes into the lake before the end. Most of a second of it is the
    /// rule; after a failure it may be hours, which go on at the next start. A batch that failed is tried at once.
    mutating func stop(within time: Duration, now: Instant) -> Drain {
        guard !isStopping else { return .end }
        state = .draining(deadline: now + time, report: now + Self.reportInterval)
        return .write(left: nil, after: .zero)
    }

    /// - Parameter canMend: False when waiting does not help, as the catalog's file is gone.
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
