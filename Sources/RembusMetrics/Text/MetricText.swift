/// Writes the text format of Prometheus, version 0.0.4.
struct MetricText {
    private(set) var text = ""

    init() {
        text.reserveCapacity(64 << 10)
    }

    /// Writes the two lines before the values of a metric.
    mutating func head(_ name: String, _ kind: MetricDescription.Kind, help: String) {
        text += "# HELP \(name) \(Self.escaped(help: help))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Writes one value. `labels` have the form between the braces.
    mutating func sample(_ name: String, labels: String, _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            text += labels
            text += "}"
        }
        text += " "
        text += value
        text += "\n"
    }

    /// Writes a metric with one value and no labels.
    mutating func metric(_ name: String, _ kind: MetricDescription.Kind, _ help: String, _ value: Double) {
        head(name, kind, help: help)
        sample(name, labels: "", Self.number(value))
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    static func escaped(help: String) -> String { escaped(help, quotes: false) }

    static func escaped(label: String) -> String { escaped(label, quotes: true) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
