package import CoreMetrics
import Synchronization

extension PrometheusRegistry: MetricsFactory {
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return histogram(MetricName.metric(label), dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(named(label, suffix: "_seconds"), dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) { forget((handler as? PrometheusCounter)?.key) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        forget((handler as? PrometheusCounter)?.key)
    }

    package func destroyMeter(_ handler: any MeterHandler) { forget((handler as? PrometheusGauge)?.key) }

    package func destroyRecorder(_ handler: any RecorderHandler) {
        forget((handler as? PrometheusGauge)?.key ?? (handler as? PrometheusHistogram)?.key)
    }

    package func destroyTimer(_ handler: any TimerHandler) { forget((handler as? PrometheusHistogram)?.key) }
}

// MARK: Making and finding

extension PrometheusRegistry {
    private func counter(_ label: String, _ dimensions: [(String, String)]) -> PrometheusCounter {
        let found = series(named(label, suffix: "_total"), dimensions, .counter) { key, _ in
            .counter(PrometheusCounter(key))
        }
        guard case .counter(let counter) = found.series else { return PrometheusCounter(found.key) }
        return counter
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> PrometheusGauge {
        let found = series(MetricName.metric(label), dimensions, .gauge) { key, _ in .gauge(PrometheusGauge(key)) }
        guard case .gauge(let gauge) = found.series else { return PrometheusGauge(found.key) }
        return gauge
    }

    private func histogram(_ name: String, _ dimensions: [(String, String)]) -> PrometheusHistogram {
        let found = series(name, dimensions, .histogram) { key, bounds in
            .histogram(PrometheusHistogram(key, bounds: bounds))
        }
        guard case .histogram(let histogram) = found.series else {
            return PrometheusHistogram(found.key, bounds: MetricDescription.defaultBuckets)
        }
        return histogram
    }

    /// The name in the text. A metric with a description keeps its name; others get the usual suffix.
    private func named(_ label: String, suffix: String) -> String {
        let name = MetricName.metric(label)
        let isDescribed = families.withLock { $0[name] != nil }
        return isDescribed || name.hasSuffix(suffix) ? name : name + suffix
    }

    /// The series of a name and its labels, made if necessary. nil when another kind of metric has the name already,
    /// because the text could not contain both.
    private func series(
        _ name: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind,
        make: (SeriesKey, [Double]) -> Series
    ) -> (key: SeriesKey, series: Series?) {
        let key = SeriesKey(name: name, labels: MetricName.labels(dimensions))
        let found = families.withLock { families -> Series? in
            var family = families[name] ?? Family(description: MetricDescription(name, kind, "(not described)"))
            guard family.description.kind.holds(kind) else { return nil }
            if let known = family.series[key.labels] { return known }
            let new = make(key, family.description.buckets)
            family.series[key.labels] = new
            families[name] = family
            return new
        }
        return (key, found)
    }

    private func forget(_ key: SeriesKey?) {
        guard let key else { return }
        families.withLock { _ = $0[key.name]?.series.removeValue(forKey: key.labels) }
    }
}

extension MetricDescription.Kind {
    fileprivate func holds(_ kind: MetricDescription.Kind) -> Bool {
        self == kind || (self == .untyped && kind == .counter)
    }
}
