import RembusWire

extension TopicPattern {
    /// People who know MQTT write `+` and `#` for wildcards. They are plain characters here, which is legal and matches
    /// nothing in silence: the warning about such a pattern; nil when there is nothing to say.
    package static func warning(aboutMQTTWildcards pattern: String) -> String? {
        rembusSpelling(ofMQTT: pattern).map {
            let start = pattern.prefix(60)
            let shown = start.endIndex == pattern.endIndex ? "`\(start)`" : "`\(start)…`"
            return "\(shown) is taken as it stands, since + and # are no wildcards of Rembus; the pattern is written "
                + "'\($0)' (* is one segment, ** any number)"
        }
    }
}
