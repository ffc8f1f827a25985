import Histogram

/// Latencies in nanoseconds, exact to three digits, up to one hour.
struct BenchHistogram: Sendable {
    private var histogram = Histogram<UInt64>(
        highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)

    @inline(__always)
    mutating func record(_ nanoseconds: UInt64) {
        // A value above an hour is not recorded; a run with one has failed.
        _ = histogram.record(nanoseconds)
    }

    var count: Int { Int(clamping: histogram.totalCount) }

    var minimum: Double { Double(histogram.min) / 1000 }

    var maximum: Double { Double(histogram.max) / 1000 }

    /// A percentile in microseconds.
    func percentile(_ percentile: Double) -> Double {
        Double(histogram.valueAtPercentile(percentile)) / 1000
    }
}
