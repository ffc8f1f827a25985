import Logging

/// Says how far the recovery of a journal has come, when it takes long: a broker that is silent looks as if it hung.
struct RecoveryProgress {
    private let interval: Duration
    private let logger: Logger
    private let start = ContinuousClock.now
    private var due: ContinuousClock.Instant
    private var done = 0
    private var hasReported = false
    /// Segments that there are.
    var count = 0

    init(interval: Duration, logger: Logger) {
        self.interval = interval
        self.logger = logger
        due = start + interval
    }

    /// Notes that one more segment is known.
    mutating func passed() {
        done += 1
        let now = ContinuousClock.now
        guard now >= due, done < count else { return }
        logger.notice("recovering the journal: \(done) of \(count) segments")
        hasReported = true
        due = now + interval
    }

    /// Says that it is through, when anything was said before.
    func end() {
        guard hasReported else { return }
        logger.notice("the journal is recovered, after \((ContinuousClock.now - start).components.seconds) s")
    }
}
