import RembusWire

extension TopicPattern {
    /// The warning about a pattern with `+` or `#`, the wildcards of MQTT; nil for other patterns. They are ordinary
    /// characters here, so such a pattern is legal but silently matches nothing.
    package static func warning(aboutMQTTWildcards pattern: String) -> String? {
        rembusSpelling(ofMQTT: pattern).map {
            let start = pattern.prefix(60)
            let shown = start.endIndex == pattern.endIndex ? "`\(start)`" : "`\(start)…`"
            return "\(shown) is taken as it stands, since + and # are no wildcards of Rembus; the pattern is written "
                + "'\($0)' (* is one segment, ** any number)"
        }
    }
}
