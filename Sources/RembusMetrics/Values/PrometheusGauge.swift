import CoreMetrics

/// A number that rises and falls.
final class PrometheusGauge: MeterHandler, RecorderHandler {
    let key: SeriesKey
    private let value = AtomicDouble()

    init(_ key: SeriesKey) {
        self.key = key
    }

    func set(_ value: Int64) { self.value.store(Double(value)) }
    func set(_ value: Double) { self.value.store(value) }
    func increment(by amount: Double) { value.add(amount) }
    func decrement(by amount: Double) { value.add(-amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }

    func write(to text: inout MetricText) {
        text.sample(key.name, labels: key.labels, MetricText.number(value.value))
    }
}
