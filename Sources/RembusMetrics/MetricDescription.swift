/// The description of a metric, which exists before it has values.
package struct MetricDescription: Sendable, Hashable {
    /// The types of Prometheus.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// A counter with a name that Prometheus does not allow for counters.
        case untyped
    }

    /// The name in the text, and the label in swift-metrics.
    package var name: String
    package var kind: Kind
    /// One sentence, for `# HELP`.
    package var help: String
    /// Upper bounds of a histogram's buckets, ascending and without infinity; in seconds for timers.
    package var buckets: [Double]

    package init(_ name: String, _ kind: Kind, _ help: String, buckets: [Double] = MetricDescription.defaultBuckets) {
        self.name = name
        self.kind = kind
        self.help = help
        self.buckets = buckets
    }

    /// The buckets of metrics without a description: from half a millisecond to ten seconds, for durations.
    package static let defaultBuckets = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
}
