import ArgumentParser
import Rembus
import RembusServer
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
        guard let sentence = TopicPattern.warning(aboutMQTTWildcards: pattern) else { return }
        StandardError.say("warning: \(option)\(sentence)")
    }

    /// The same for what names one topic or method and cannot be a pattern.
    static func warn(ofMQTTWildcardsInName name: String) {
        guard TopicPattern.rembusSpelling(ofMQTT: name) != nil else { return }
        StandardError.say(
            "warning: \(quoted(name)) is taken as it stands, since + and # are no wildcards of Rembus; name one topic")
    }
}
