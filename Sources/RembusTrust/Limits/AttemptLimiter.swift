import RembusSupport

/// How often something may be tried from one address: a bucket of tokens each, which fills up again with time.
///
/// The table is bounded. While it is full, addresses that are not in it have one bucket together: whoever has many
/// addresses gets no more attempts by them.
package struct AttemptLimiter: Sendable {
    private struct Bucket {
        var tokens: Double
        var time: ContinuousClock.Instant
    }

    private let attempts: Double
    private let period: Duration
    private let capacity: Int
    /// Buckets used in this period; those of the one before, unless they moved here, are full by its end.
    private var current: [AddressKey?: Bucket] = [:]
    private var previous: [AddressKey?: Bucket] = [:]
    private var periodEnd: ContinuousClock.Instant?
    private var shared: Bucket?

    /// - Parameters:
    ///   - attempts: How many attempts an address has at once, and in each `period`. None: everything is refused.
    ///   - capacity: How many addresses are told apart.
    package init(attempts: Int, per period: Duration, capacity: Int) {
        self.attempts = Double(max(attempts, 0))
        self.period = max(period, .milliseconds(1))
        self.capacity = max(capacity, 1)
    }

    /// Counts an attempt; false when it is one too many.
    ///
    /// - Parameter address: IPv4 or IPv6, of which the first 64 bits count; with or without a port. Texts that are none
    ///   count as one address.
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

    /// Whether ``allows(_:now:)`` would allow an attempt now; counts nothing.
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

    /// Drops buckets that were not used for a whole period: they are full, like new ones.
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
