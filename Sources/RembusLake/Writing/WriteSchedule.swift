/// When the next batch may be written: soon after something came while the writer has little to do, so that publications
/// are visible at once; and once per interval while they keep coming, so that there are few batches, files and snapshots.
///
/// Every batch is paid for with a credit. Credits come back one per interval; without any, the interval counts.
struct WriteSchedule {
    /// A pause of so many times the time of the last batch leaves the processor, and the catalog, to others.
    private static let restFactor = 3
    private static let shortestRest = Duration.milliseconds(20)
    /// Batches in a row that are written without waiting for the interval.
    private static let mostCredits = 100.0
    /// With a longer interval batches are written once per interval and no earlier: such a setting asks for few of them.
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

    /// Counts a batch that ended now.
    mutating func wrote(in time: Duration, now: ContinuousClock.Instant = .now) {
        let earned = (now - creditedAt) / interval
        credits = max(0, min(Self.mostCredits, credits + earned) - 1)
        creditedAt = now
        lastEnd = now
        lastTime = time
    }

    /// When the next batch may begin.
    /// - Parameter isAwaited: True when somebody waits for what it will have.
    func due(isAwaited: Bool, now: ContinuousClock.Instant = .now) -> ContinuousClock.Instant {
        guard let lastEnd else { return now }
        // Even callers leave the writer half of its time for others.
        if isAwaited { return lastEnd + min(max(lastTime, Self.shortestRest / 4), interval) }
        let hasCredit = isEager && credits + (now - creditedAt) / interval >= 1
        guard hasCredit else { return lastEnd + interval }
        return lastEnd + min(max(lastTime * Self.restFactor, Self.shortestRest), interval)
    }
}
