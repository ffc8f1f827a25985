/// Identifies a value in the text: the metric's name, and its labels in the form between the braces.
struct SeriesKey: Sendable, Hashable {
    let name: String
    let labels: String
}

/// The value of one metric with one set of labels.
enum Series: Sendable {
    case counter(PrometheusCounter)
    case gauge(PrometheusGauge)
    case histogram(PrometheusHistogram)

    func write(to text: inout MetricText) {
        switch self {
        case .counter(let counter): counter.write(to: &text)
        case .gauge(let gauge): gauge.write(to: &text)
        case .histogram(let histogram): histogram.write(to: &text)
        }
    }
}
