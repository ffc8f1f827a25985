import Synchronization

/// What the peers of a run tell each other and the one who watches, across threads.
final class BenchCounters: Sendable {
    /// Messages or calls that were sent.
    let sent = Atomic<Int>(0)
    /// Publications that the broker acknowledged, or calls that were answered.
    let completed = Atomic<Int>(0)
    /// Deliveries, over all subscribers.
    let delivered = Atomic<Int>(0)
    /// Deliveries to the slowest subscriber.
    let slowest = Atomic<Int>(0)
    /// True when all is sent that will be sent.
    let isFinished = Atomic<Bool>(false)
    /// True while the publisher waits for the slowest subscriber.
    let isWaiting = Atomic<Bool>(false)
    let openConnections = Atomic<Int>(0)
    /// When the last message was delivered or call answered, in time of `BenchClock`.
    let lastArrival = Atomic<UInt64>(0)

    private let failure = Mutex<CommandFailure?>(nil)

    /// Ends the run; the first reason counts.
    func fail(_ reason: CommandFailure) {
        failure.withLock { if $0 == nil { $0 = reason } }
    }

    func checkFailure() throws(CommandFailure) {
        if let reason = failure.withLock({ $0 }) { throw reason }
    }
}
