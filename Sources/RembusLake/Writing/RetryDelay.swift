/// The time to wait after consecutive failures: 0.5 s, doubling up to 30 s.
struct RetryDelay: Equatable {
    private(set) var attempts = 0
    private(set) var delay = Duration.milliseconds(250)

    /// Counts a failure. The next attempt has to be `delay` later.
    mutating func failed() {
        attempts += 1
        delay = min(delay * 2, .seconds(30))
    }
}
