import ArgumentParser
import Rembus
import RembusWire

/// What can be said about a topic on the command line before a broker sees it.
enum TopicCheck {
    /// Publications, calls and tables have one name; a broker would drop or not find what has a pattern's.
    static func refusePattern(_ topic: String, _ action: String, _ kind: String) throws(CommandFailure) {
        guard TopicPattern.isPattern(topic) else { return }
        throw CommandFailure(
            "cannot \(action) \(quoted(topic)): wildcards are for subscribing; name one \(kind)", status: .usage)
    }

    /// People who know MQTT write `+` and `#` for wildcards. They are plain characters here, which is legal and matches
    /// nothing in silence.
    static func warn(ofMQTTWildcards pattern: String, _ option: String = "") {
        if let sentence = warning(aboutMQTTWildcards: pattern) { StandardError.say("warning: \(option)\(sentence)") }
    }

    /// The warning about a pattern; nil when there is nothing to say.
    static func warning(aboutMQTTWildcards pattern: String) -> String? {
        TopicPattern.rembusSpelling(ofMQTT: pattern).map {
            "\(quoted(pattern)) is taken as it stands, since + and # are no wildcards of Rembus; the pattern is written "
                + "'\($0)' (* is one segment, ** any number)"
        }
    }

    /// The same for what names one topic or method and cannot be a pattern.
    static func warn(ofMQTTWildcardsInName name: String) {
        guard TopicPattern.rembusSpelling(ofMQTT: name) != nil else { return }
        StandardError.say(
            "warning: \(quoted(name)) is taken as it stands, since + and # are no wildcards of Rembus; name one topic")
    }
}
