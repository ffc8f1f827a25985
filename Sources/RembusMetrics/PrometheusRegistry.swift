import CoreMetrics

/// Keeps what swift-metrics is told and writes it as Prometheus text.
package final class PrometheusRegistry: Sendable {
    /// The one of this process, as swift-metrics has one.
    package static let shared = PrometheusRegistry()

    private init() {}

    /// Makes it the receiver of swift-metrics; once per process, further calls do nothing.
    package func install() {}

    /// All metrics in the text format of Prometheus, version 0.0.4.
    package func text() -> String { "" }
}
