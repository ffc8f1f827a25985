import Logging

/// Logs the progress of a journal's recovery when it takes long, because a silent broker looks as if it hung.
struct RecoveryProgress {
    private let interval: Duration
    private let logger: Logger
    private let start = ContinuousClock.now
    private var due: ContinuousClock.Instant
    private var done = 0
    private var hasReported = false
    /// The number of segments.
    var count = 0

    init(interval: Duration, logger: Logger) {
        self.interval = interval
        self.logger = logger
        due = start + interval
    }

    /// Counts one more recovered segment.
    mutating func passed() {
        done += 1
        let now = ContinuousClock.now
        guard now >= due, done < count else { return }
        logger.notice("recovering the journal: \(done) of \(count) segments")
        hasReported = true
        due = now + interval
    }

    /// Logs the end of the recovery, if any progress was logged before.
    func end() {
        guard hasReported else { return }
        logger.notice("the journal is recovered, after \((ContinuousClock.now - start).components.seconds) s")
    }
}
