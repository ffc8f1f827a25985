import Synchronization

/// Counts that the connections of a run and its observer share across threads.
final class BenchCounters: Sendable {
    /// Messages or calls that were sent.
    let sent = Atomic<Int>(0)
    /// Publications that the broker acknowledged, or calls that were answered.
    let completed = Atomic<Int>(0)
    /// Deliveries to all subscribers together.
    let delivered = Atomic<Int>(0)
    /// Deliveries to the slowest subscriber.
    let slowest = Atomic<Int>(0)
    /// Whether everything has been sent.
    let isFinished = Atomic<Bool>(false)
    /// Whether the publisher waits for the slowest subscriber.
    let isWaiting = Atomic<Bool>(false)
    let openConnections = Atomic<Int>(0)
    /// When the last message was delivered or call answered, as a time of `BenchClock`.
    let lastArrival = Atomic<UInt64>(0)

    private let failure = Mutex<CommandFailure?>(nil)

    /// Ends the run with an error. The first one counts.
    func fail(_ reason: CommandFailure) {
        failure.withLock { if $0 == nil { $0 = reason } }
    }

    func checkFailure() throws(CommandFailure) {
        if let reason = failure.withLock({ $0 }) { throw reason }
    }
}
