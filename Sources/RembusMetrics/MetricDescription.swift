/// What is known of a metric before anything was counted: what it means, and how its values are summed up.
package struct MetricDescription: Sendable, Hashable {
    /// The types of Prometheus.
    package enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
        /// A counter under a name that Prometheus would not give to one.
        case untyped
    }

    /// The name in the text, which is also the label that swift-metrics knows the metric by.
    package var name: String
    package var kind: Kind
    /// One sentence, shown behind `# HELP`.
    package var help: String
    /// Upper bounds of a histogram's buckets, rising, without infinity; those of timers are seconds.
    package var buckets: [Double]

    package init(_ name: String, _ kind: Kind, _ help: String, buckets: [Double] = MetricDescription.defaultBuckets) {
        self.name = name
        self.kind = kind
        self.help = help
        self.buckets = buckets
    }

    /// For metrics that nobody described: from half a millisecond to ten seconds, if they are times.
    package static let defaultBuckets = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
}
