/// A histogram of durations, in plain integers that one event loop fills.
struct DurationCount {
    /// Upper bounds in nanoseconds.
    private let bounds: [Int64]
    /// The number of durations in each bucket. There is one bucket more than there are bounds.
    private(set) var counts: [UInt64]
    private var nanoseconds: Int64 = 0
    private(set) var isEmpty = true

    /// - Parameter bounds: Upper bounds in seconds, ascending.
    init(bounds: [Double]) {
        self.bounds = bounds.map { Int64(($0 * 1e9).rounded()) }
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    var seconds: Double { Double(nanoseconds) / 1e9 }

    mutating func add(nanoseconds duration: Int64) {
        var index = 0
        while index < bounds.count, duration > bounds[index] { index += 1 }
        counts[index] += 1
        nanoseconds += max(duration, 0)
        isEmpty = false
    }

    mutating func removeAll() {
        for index in counts.indices { counts[index] = 0 }
        nanoseconds = 0
        isEmpty = true
    }

    /// Calls `body` once for each duration, with a value in the same bucket, for receivers that take single values
    /// only.
    func forEach(_ body: (_ nanoseconds: Int64) -> Void) {
        for (index, count) in counts.enumerated() where count > 0 {
            let value = index < bounds.count ? bounds[index] : (bounds.last ?? 0) + 1
            for _ in 0..<count { body(value) }
        }
    }
}
