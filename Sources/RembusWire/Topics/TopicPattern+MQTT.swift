extension TopicPattern {
    /// The wildcards of an MQTT filter in the spelling of Rembus; nil for a text without any.
    ///
    /// `+` and `#` are ordinary characters in Rembus topics, so an MQTT filter is a valid topic, but hardly ever meant
    /// as one. Only whole segments are wildcards, as in MQTT.
    package static func rembusSpelling(ofMQTT text: String) -> String? {
        let segments = segments(of: text)
        guard segments.contains(where: { $0 == "+" || $0 == "#" }) else { return nil }
        return segments.map { $0 == "+" ? "*" : $0 == "#" ? "**" : $0 }.joined(separator: "/")
    }
}
