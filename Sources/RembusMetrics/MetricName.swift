/// Converts names of swift-metrics, which may be any text, into names that Prometheus accepts.
enum MetricName {
    /// Letters, digits, `_` and `:`; `requests.open` becomes `requests_open`.
    static func metric(_ label: String) -> String { sanitized(label, alsoAllowed: UInt8(ascii: ":")) }

    /// Letters, digits and `_`, without a reserved prefix.
    static func label(_ name: String) -> String {
        let text = sanitized(name, alsoAllowed: nil)
        // `le` is the label of histogram buckets.
        if text == "le" { return "le_" }
        return text.hasPrefix("__") ? "x" + text : text
    }

    private static func sanitized(_ text: String, alsoAllowed: UInt8?) -> String {
        var bytes: [UInt8] = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), alsoAllowed:
                byte
            default: UInt8(ascii: "_")
            }
        }
        if bytes.isEmpty || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[0]) {
            bytes.insert(UInt8(ascii: "_"), at: 0)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The dimensions of a metric in the form between braces, sorted. If a name occurs twice, its last value counts.
    static func labels(_ dimensions: [(String, String)]) -> String {
        guard !dimensions.isEmpty else { return "" }
        var values: [String: String] = [:]
        for (name, value) in dimensions { values[label(name)] = value }
        return values.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(MetricText.escaped(label: $0.value))\"" }
            .joined(separator: ",")
    }
}
