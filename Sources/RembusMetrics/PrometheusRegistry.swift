import CoreMetrics
import Synchronization

/// Collects the values of swift-metrics and writes them as Prometheus text.
///
/// Making a metric takes a lock. Recording uses atomics only.
package final class PrometheusRegistry: Sendable {
    /// All values of one metric.
    struct Family {
        var description: MetricDescription
        /// The values by their labels.
        var series: [String: Series] = [:]
    }

    let families = Mutex<[String: Family]>([:])

    package init() {}

    /// Describes metrics, which from now on are in the text even without values.
    ///
    /// For a metric that has values already, only the help text changes.
    package func describe(_ descriptions: [MetricDescription]) {
        families.withLock { families in
            for description in descriptions {
                if families[description.name]?.series.isEmpty == false {
                    families[description.name]?.description.help = description.help
                } else {
                    families[description.name] = Family(description: description)
                }
            }
        }
    }

    /// All metrics in the text format of Prometheus, version 0.0.4, with the figures of this process.
    package func text() -> String {
        var text = MetricText()
        let families = self.families.withLock { $0 }
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text.head(name, family.description.kind, help: family.description.help)
            for (_, series) in family.series.sorted(by: { $0.key < $1.key }) { series.write(to: &text) }
        }
        ProcessFigures.write(to: &text)
        return text.text
    }
}
