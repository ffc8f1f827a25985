package import NIOCore

/// Allows `rate` events per second, and as many at once after a second without any.
package struct TokenBucket: Sendable {
    package let rate: Double
    private var tokens: Double
    private var refilledAt: NIODeadline

    package init(rate: Int, now: NIODeadline) {
        self.rate = Double(rate)
        tokens = Double(rate)
        refilledAt = now
    }

    /// Whether another event is allowed now; counts it.
    package mutating func take(now: NIODeadline) -> Bool {
        let elapsed = Double((now - refilledAt).nanoseconds) / 1e9
        if elapsed > 0 {
            tokens = min(rate, tokens + elapsed * rate)
            refilledAt = now
        }
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}
