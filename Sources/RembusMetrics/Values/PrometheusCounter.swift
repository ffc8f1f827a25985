import CoreMetrics
import Synchronization

/// A number that only rises.
final class PrometheusCounter: CounterHandler, FloatingPointCounterHandler {
    let key: SeriesKey
    private let whole = Atomic<Int64>(0)
    private let fraction = AtomicDouble()

    init(_ key: SeriesKey) {
        self.key = key
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(amount, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        fraction.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        fraction.store(0)
    }

    func write(to text: inout MetricText) {
        let fraction = fraction.value
        let whole = whole.load(ordering: .relaxed)
        let value = fraction == 0 ? "\(whole)" : MetricText.number(Double(whole) + fraction)
        text.sample(key.name, labels: key.labels, value)
    }
}
