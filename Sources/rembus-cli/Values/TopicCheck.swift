import ArgumentParser
import Rembus
import RembusServer
import RembusWire

/// Checks of topics on the command line before they are sent to a broker.
enum TopicCheck {
    /// Refuses patterns where a single topic is needed: for publications, calls and tables. A broker would not find it,
    /// or would drop the message.
    static func refusePattern(_ topic: String, _ action: String, _ kind: String) throws(CommandFailure) {
        guard TopicPattern.isPattern(topic) else { return }
        throw CommandFailure(
            "cannot \(action) \(quoted(topic)): wildcards are for subscribing; name one \(kind)", status: .usage)
    }

    /// Warns about `+` and `#`, the wildcards of MQTT. They are ordinary characters here, so such a pattern is legal
    /// but silently matches nothing.
    static func warn(ofMQTTWildcards pattern: String, _ option: String = "") {
        guard let sentence = TopicPattern.warning(aboutMQTTWildcards: pattern) else { return }
        StandardError.say("warning: \(option)\(sentence)")
    }

    /// The same for a name of one topic or method, which cannot be a pattern.
    static func warn(ofMQTTWildcardsInName name: String) {
        guard TopicPattern.rembusSpelling(ofMQTT: name) != nil else { return }
        StandardError.say(
            "warning: \(quoted(name)) is taken as it stands, since + and # are no wildcards of Rembus; name one topic")
    }
}
