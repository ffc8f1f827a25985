import RembusSupport

/// Limits how often something may be tried from one address: a token bucket for each address.
///
/// The table is bounded. While it is full, all further addresses share one bucket, so that many addresses do not give
/// more attempts.
package struct AttemptLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var time: ContinuousClock.Instant
    }

    private let attempts: Double
    private let period: Duration
    private let capacity: Int
    /// Buckets that were used in this period. Those of the last period that were not used since are full at the end of
    /// this one.
    private var current: [AddressKey?: Bucket] = [:]
    private var previous: [AddressKey?: Bucket] = [:]
    private var periodEnd: ContinuousClock.Instant?
    private var shared: Bucket?

    /// - Parameters:
    ///   - attempts: The attempts that an address has at once, and in each `period`. With none, everything is refused.
    ///   - capacity: The most addresses with a bucket of their own.
    package init(attempts: Int, per period: Duration, capacity: Int) {
        self.attempts = Double(max(attempts, 0))
        self.period = max(period, .milliseconds(1))
        self.capacity = max(capacity, 1)
    }

    /// Counts an attempt. Returns false when there were too many.
    ///
    /// - Parameter address: An IPv4 or IPv6 address, with or without a port. Of IPv6 the first 64 bits count. All other
    ///   texts count as one address.
    package mutating func allows(_ address: String, now: ContinuousClock.Instant = .now) -> Bool {
        forget(now)
        let key = AddressKey(text: address)
        if let bucket = current[key] ?? previous.removeValue(forKey: key) {
            var bucket = bucket
            defer { current[key] = bucket }
            return take(&bucket, now)
        }
        var bucket = Bucket(tokens: attempts, time: now)
        guard current.count + previous.count < capacity else {
            bucket = shared ?? bucket
            defer { shared = bucket }
            return take(&bucket, now)
        }
        defer { current[key] = bucket }
        return take(&bucket, now)
    }

    /// Whether ``allows(_:now:)`` would allow an attempt now. Counts nothing.
    package mutating func hasRoom(_ address: String, now: ContinuousClock.Instant = .now) -> Bool {
        forget(now)
        let key = AddressKey(text: address)
        let isFull = current.count + previous.count >= capacity
        guard var bucket = current[key] ?? previous[key] ?? (isFull ? shared : nil) else { return attempts >= 1 }
        return take(&bucket, now)
    }

    private func take(_ bucket: inout Bucket, _ now: ContinuousClock.Instant) -> Bool {
        let elapsed = max(now - bucket.time, .zero)
        bucket.tokens = min(attempts, bucket.tokens + attempts * (elapsed / period))
        bucket.time = max(now, bucket.time)
        guard bucket.tokens >= 1 else { return false }
        bucket.tokens -= 1
        return true
    }

    /// Drops buckets that were not used for a whole period, because they are full, like new ones.
    private mutating func forget(_ now: ContinuousClock.Instant) {
        guard let end = periodEnd else {
            periodEnd = now + period
            return
        }
        guard now >= end else { return }
        previous = now >= end + period ? [:] : current
        current = [:]
        periodEnd = now + period
    }
}
