/// Decides when the next batch may be written. While the writer has little to do, this is soon after something was
/// received, so that publications are visible at once. While publications keep coming, it is once for each interval, so
/// that there are few batches, files and snapshots.
///
/// Every batch costs a credit, and one credit is added for each interval. Without credits, the interval counts.
struct WriteSchedule {
    /// The pause after a batch, as a multiple of its time, during which others can use the processor and the catalog.
    private static let restFactor = 3
    private static let shortestRest = Duration.milliseconds(20)
    /// The number of batches in a row that are written without waiting for the interval.
    private static let mostCredits = 100.0
    /// With a longer interval, batches are written once for each interval and not earlier, because such a setting asks
    /// for few of them.
    private static let longestEagerInterval = Duration.seconds(1)

    private let interval: Duration
    private let isEager: Bool
    private var credits = Self.mostCredits
    private var creditedAt: ContinuousClock.Instant
    private var lastEnd: ContinuousClock.Instant?
    private var lastTime = Duration.zero

    init(interval: Duration, now: ContinuousClock.Instant = .now) {
        self.interval = interval
        isEager = interval <= Self.longestEagerInterval
        creditedAt = now
    }

    /// Counts a batch that has just ended.
    mutating func wrote(in time: Duration, now: ContinuousClock.Instant = .now) {
        let earned = (now - creditedAt) / interval
        credits = max(0, min(Self.mostCredits, credits + earned) - 1)
        creditedAt = now
        lastEnd = now
        lastTime = time
    }

    /// When the next batch may start.
    /// - Parameter isAwaited: Whether a request waits for publications in it.
    func due(isAwaited: Bool, now: ContinuousClock.Instant = .now) -> ContinuousClock.Instant {
        guard let lastEnd else { return now }
        // Waiting requests too leave half of the time to others.
        if isAwaited { return lastEnd + min(max(lastTime, Self.shortestRest / 4), interval) }
        let hasCredit = isEager && credits + (now - creditedAt) / interval >= 1
        guard hasCredit else { return lastEnd + interval }
        return lastEnd + min(max(lastTime * Self.restFactor, Self.shortestRest), interval)
    }
}
