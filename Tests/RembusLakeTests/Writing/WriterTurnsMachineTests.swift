import Testing

@testable import RembusLake

/// When the writer writes, rests and ends, by a clock that the tests move.
@Suite struct WriterTurnsMachineTests {
    private static let start = ContinuousClock.now

    /// Turns with an interval of a second, behind a batch that took 10 ms and left nothing.
    private static func rested(interval: Duration = .seconds(1)) -> WriterTurns {
        var turns = WriterTurns(WriteSchedule(interval: interval, now: start))
        #expect(turns.called(isAwaited: false, now: start) == .write)
        let next = turns.batchEnded(.done, wrote: .milliseconds(10), isAwaited: false, now: start)
        #expect(next == .tidy(then: .rest))
        return turns
    }

    @Test("what comes while a batch is written waits for the batch, and for no other call")
    func busy() {
        var turns = WriterTurns(WriteSchedule(interval: .seconds(1), now: Self.start))
        #expect(turns.called(isAwaited: false, now: Self.start) == .write)
        #expect(turns.called(isAwaited: true, now: Self.start) == .nothing)
        #expect(turns.intervalEnded(now: Self.start + .seconds(5)) == .nothing)
        #expect(turns.turnCame() == .nothing)
    }

    @Test("after a batch it rests in proportion to it; the end of the interval writes in any case")
    func rest() {
        var turns = Self.rested()
        let due = Self.start + .milliseconds(30)
        #expect(turns.called(isAwaited: false, now: Self.start + .milliseconds(1)) == .wake(at: due))
        #expect(turns.called(isAwaited: false, now: due) == .write)
        turns = Self.rested(interval: .seconds(3600))
        let end = Self.start + .seconds(3600)
        #expect(turns.called(isAwaited: false, now: due) == .wake(at: end))
        #expect(turns.intervalEnded(now: due) == .write)
    }

    @Test("a full batch leaves the thread to others and goes on behind them")
    func full() {
        var turns = Self.rested()
        #expect(turns.intervalEnded(now: Self.start) == .write)
        let next = turns.batchEnded(.more, wrote: .milliseconds(900), isAwaited: false, now: Self.start)
        #expect(next == .tidy(then: .turn))
        #expect(turns.called(isAwaited: true, now: Self.start + .seconds(9)) == .nothing)
        #expect(turns.intervalEnded(now: Self.start + .seconds(9)) == .nothing)
        #expect(turns.turnCame() == .write)
    }

    @Test("whoever waits for what is not on the disk yet is not left to the interval")
    func awaited() {
        var turns = Self.rested(interval: .seconds(3600))
        let now = Self.start + .seconds(1)
        #expect(turns.called(isAwaited: true, now: now) == .write)
        let next = turns.batchEnded(.done, wrote: nil, isAwaited: true, now: now)
        #expect(next == .tidy(then: .wake(at: now + .milliseconds(20))))
    }

    @Test("a batch that failed is tried again when its time has come, and at no other")
    func retry() {
        var turns = Self.rested(interval: .seconds(3600))
        #expect(turns.intervalEnded(now: Self.start) == .write)
        let due = Self.start + .seconds(4)
        let next = turns.batchEnded(
            .failed(retryAfter: .seconds(4)), wrote: nil, isAwaited: false, now: Self.start)
        #expect(next == .retry(at: due))
        let early = Self.start + .seconds(3)
        #expect(turns.intervalEnded(now: early) == .nothing)
        #expect(turns.called(isAwaited: true, now: early) == .wake(at: due))
        #expect(turns.called(isAwaited: true, now: due) == .write)
        #expect(turns.batchEnded(.done, wrote: nil, isAwaited: false, now: due) == .tidy(then: .rest))
        #expect(turns.called(isAwaited: true, now: due) == .write)
    }

    @Test("a quiet lake with a long interval is tried again after the failure, not after the interval")
    func retryBeforeInterval() {
        var turns = WriterTurns(WriteSchedule(interval: .seconds(3600), now: Self.start))
        #expect(turns.called(isAwaited: false, now: Self.start) == .write)
        let due = Self.start + .milliseconds(500)
        #expect(
            turns.batchEnded(
                .failed(retryAfter: .milliseconds(500)), wrote: nil, isAwaited: false, now: Self.start)
                == .retry(at: due))
        #expect(turns.called(isAwaited: false, now: due) == .write)
    }

    @Test("a stop writes until nothing is left; a turn that was to come does not")
    func stop() {
        var turns = Self.rested()
        #expect(turns.intervalEnded(now: Self.start) == .write)
        #expect(
            turns.batchEnded(.more, wrote: .seconds(1), isAwaited: false, now: Self.start) == .tidy(then: .turn))
        #expect(turns.stop(within: .seconds(30), now: Self.start) == .write(left: nil, after: .zero))
        #expect(turns.isStopping)
        #expect(turns.turnCame() == .nothing)
        #expect(turns.called(isAwaited: true, now: Self.start) == .nothing)
        #expect(turns.intervalEnded(now: Self.start) == .nothing)
        #expect(turns.drained(.more, canMend: true, now: Self.start) == .write(left: nil, after: .zero))
        #expect(turns.drained(.done, canMend: true, now: Self.start) == .end)
        #expect(turns.stop(within: .seconds(30), now: Self.start) == .end)
    }

    @Test("a long stop says every second how much time it has, and gives up when it has none")
    func longStop() {
        var turns = Self.rested()
        _ = turns.stop(within: .seconds(3), now: Self.start)
        func drained(_ time: Duration) -> WriterTurns.Drain {
            turns.drained(.more, canMend: true, now: Self.start + time)
        }
        #expect(drained(.milliseconds(900)) == .write(left: nil, after: .zero))
        #expect(drained(.milliseconds(1200)) == .write(left: .milliseconds(1800), after: .zero))
        #expect(drained(.milliseconds(2100)) == .write(left: nil, after: .zero))
        #expect(drained(.milliseconds(2300)) == .write(left: .milliseconds(700), after: .zero))
        #expect(drained(.seconds(3)) == .giveUp)
        #expect(turns.isStopping)
    }

    @Test("a stop while the server is away tries on until the end; without the catalog's file it does not wait")
    func stopWhileAway() {
        let failed = BatchOutcome.failed(retryAfter: .seconds(16))
        var turns = Self.rested()
        #expect(turns.intervalEnded(now: Self.start) == .write)
        _ = turns.batchEnded(failed, wrote: nil, isAwaited: false, now: Self.start)
        var gone = turns
        // At once, although its time has not come.
        #expect(turns.stop(within: .seconds(2), now: Self.start) == .write(left: nil, after: .zero))
        let pause = Duration.milliseconds(250)
        #expect(turns.drained(failed, canMend: true, now: Self.start) == .write(left: nil, after: pause))
        let late = Self.start + .milliseconds(1500)
        #expect(turns.drained(failed, canMend: true, now: late) == .write(left: .milliseconds(500), after: pause))
        #expect(turns.drained(failed, canMend: true, now: Self.start + .seconds(2)) == .giveUp)
        _ = gone.stop(within: .seconds(2), now: Self.start)
        #expect(gone.drained(failed, canMend: false, now: Self.start) == .giveUp)
    }

    @Test("the component tables take a tenth of the writer's time at most")
    func pace() {
        var pace = CatalogProjections.Pace()
        #expect(pace.isDue(Self.start))
        pace.wrote(from: Self.start, to: Self.start + .milliseconds(1))
        #expect(!pace.isDue(Self.start + .milliseconds(5000)))
        #expect(pace.isDue(Self.start + .milliseconds(5001)))
        pace.wrote(from: Self.start, to: Self.start + .seconds(2))
        #expect(!pace.isDue(Self.start + .seconds(21)))
        #expect(pace.isDue(Self.start + .seconds(22)))
    }
}
