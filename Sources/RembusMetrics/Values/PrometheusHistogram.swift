import CoreMetrics
import Synchronization

/// Accepts many values at once, sorted into buckets already.
package protocol HistogramReceiver: AnyObject {
    /// Upper bounds of the buckets.
    var bounds: [Double] { get }
    /// Adds values: the number in each bucket, of which there is one more than there are bounds, and their sum.
    func add(counts: [UInt64], sum: Double)
}

/// Counts values by size. The values of timers are in seconds.
///
/// The memory of `counts` belongs to the histogram and has a fixed size, and everything in it is atomic; hence
/// unchecked.
final class PrometheusHistogram: TimerHandler, RecorderHandler, HistogramReceiver, @unchecked Sendable {
    let key: SeriesKey
    let bounds: [Double]
    /// The number of values in each bucket, without those of the buckets before it. The last bucket has no bound.
    private let counts: UnsafeMutablePointer<Atomic<UInt64>>
    private let sum = AtomicDouble()

    init(_ key: SeriesKey, bounds: [Double]) {
        self.key = key
        self.bounds = bounds
        counts = .allocate(capacity: bounds.count + 1)
        for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: bounds.count + 1)
        counts.deallocate()
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        var index = 0
        while index < bounds.count, value > bounds[index] { index += 1 }
        counts[index].wrappingAdd(1, ordering: .relaxed)
        sum.add(value)
    }

    package func add(counts values: [UInt64], sum total: Double) {
        guard values.count == bounds.count + 1 else { return }
        for (index, count) in values.enumerated() where count > 0 {
            counts[index].wrappingAdd(count, ordering: .relaxed)
        }
        sum.add(total)
    }

    func write(to text: inout MetricText) {
        // The sum is read first: it may lack values that the buckets have, but never the reverse.
        let sum = sum.value
        var total: UInt64 = 0
        let prefix = key.labels.isEmpty ? "" : key.labels + ","
        for index in 0...bounds.count {
            total += counts[index].load(ordering: .relaxed)
            let bound = index < bounds.count ? MetricText.number(bounds[index]) : "+Inf"
            text.sample(key.name + "_bucket", labels: "\(prefix)le=\"\(bound)\"", "\(total)")
        }
        text.sample(key.name + "_sum", labels: key.labels, MetricText.number(sum))
        text.sample(key.name + "_count", labels: key.labels, "\(total)")
    }
}
