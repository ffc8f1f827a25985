extension TopicPattern {
    /// How the wildcards of an MQTT filter are written here; nil for a text that has none.
    ///
    /// `+` and `#` are plain characters in topics of Rembus, so a filter of MQTT is a valid topic that nearly certainly
    /// nobody means. Only whole segments count, as in MQTT.
    package static func rembusSpelling(ofMQTT text: String) -> String? {
        let segments = segments(of: text)
        guard segments.contains(where: { $0 == "+" || $0 == "#" }) else { return nil }
        return segments.map { $0 == "+" ? "*" : $0 == "#" ? "**" : $0 }.joined(separator: "/")
    }
}
