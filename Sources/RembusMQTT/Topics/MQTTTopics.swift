import RembusSupport
import RembusWire

/// Topics and filters of MQTT (§4.7), and their equivalents in Rembus.
///
/// A topic is the same text in both. In filters `+` corresponds to `*`, and `#` to `**`.
package enum MQTTTopics {
    /// The longest topic or filter, in bytes.
    @usableFromInline package static let maxBytes = 65_535

    /// Whether messages can be published to a topic.
    package static func isValidTopic(_ topic: String) -> Bool { isValidTopic(topic.utf8) }

    /// The same for the bytes of a topic.
    @inlinable
    package static func isValidTopic(_ utf8: some Collection<UInt8>) -> Bool {
        guard !utf8.isEmpty, utf8.count <= maxBytes else { return false }
        return !utf8.contains { $0 == 0 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
    }

    /// Whether a filter can be subscribed to. In `$share/group/filter` the filter and the group are checked.
    package static func isValidFilter(_ filter: String) -> Bool {
        guard !filter.utf8.isEmpty, filter.utf8.count <= maxBytes, !filter.utf8.contains(0) else { return false }
        if let shared = sharedFilter(filter) {
            guard !shared.group.isEmpty, !shared.group.contains(where: { $0 == "+" || $0 == "#" }) else { return false }
            return isValidFilter(String(shared.filter)) && !shared.filter.hasPrefix("$share/")
        }
        let segments = filter.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, segment) in segments.enumerated() {
            if segment.contains(UInt8(ascii: "#")), segment.count > 1 || index < segments.count - 1 { return false }
            if segment.contains(UInt8(ascii: "+")), segment.count > 1 { return false }
        }
        return true
    }

    /// The parts of `$share/group/filter`; nil for other texts. A missing part is empty.
    package static func sharedFilter(_ filter: String) -> (group: Substring, filter: Substring)? {
        guard filter.hasPrefix("$share/") else { return nil }
        let rest = filter.dropFirst(7)
        guard let slash = rest.firstIndex(of: "/") else { return (rest, "") }
        return (rest[..<slash], rest[rest.index(after: slash)...])
    }

    /// Whether a filter has a wildcard.
    package static func isPattern(_ filter: String) -> Bool {
        filter.utf8.contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") }
    }

    /// The Rembus pattern for a filter.
    package static func pattern(ofFilter filter: String) -> String {
        mapSegments(filter) { $0 == "+" ? "*" : $0 == "#" ? "**" : $0 }
    }

    /// The smallest MQTT filter that matches all that a Rembus topic or pattern matches; nil when MQTT has none.
    ///
    /// A `**` that is not last becomes `#`, and a glob in a segment `+`: the filter then matches more, and whoever subscribes it
    /// looks at each topic again when `isExact` is false. A pattern with an `@…` does not differ.
    package static func filter(ofPattern pattern: String) -> (filter: String, isExact: Bool)? {
        guard !pattern.utf8.isEmpty, pattern.utf8.count <= maxBytes,
            !pattern.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "#") })
        else { return nil }
        guard TopicPattern.isPattern(pattern) else { return (pattern, true) }
        var segments: [Substring] = []
        for segment in pattern.split(separator: "/", omittingEmptySubsequences: false) {
            if segment == "**" {
                segments.append("#")
                break
            }
            segments.append(segment.contains("*") ? "+" : segment)
        }
        // What wildcards match differs in corners, so every topic is looked at again.
        return (segments.joined(separator: "/"), false)
    }

    private static func mapSegments(_ text: String, _ transform: (Substring) -> Substring) -> String {
        text.split(separator: "/", omittingEmptySubsequences: false).map(transform).joined(separator: "/")
    }

    /// Why the topic of a PUBLISH is none; nil when it is one, or empty.
    static func check(topic: UnsafeRawBufferPointer) -> MQTTProtocolError? {
        guard UTF8Check.isValid(topic) else { return .malformed("a topic is not UTF-8") }
        for byte in topic {
            if byte == 0 { return .malformed("a topic has a NUL in it") }
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "#") {
                return MQTTProtocolError(.topicNameInvalid, "a topic has a wildcard in it")
            }
        }
        return nil
    }
}

extension MQTTTopics {
    /// Whether a filter matches a topic (§4.7.1, §4.7.2). Both must be valid, and the filter must not be a shared one.
    package static func matches(filter: String, topic: String) -> Bool {
        let (filter, topic) = (Array(filter.utf8), Array(topic.utf8))
        if topic.first == UInt8(ascii: "$"), let first = filter.first, first == plus || first == hash { return false }
        var (place, position) = (0, 0)
        while place < filter.count {
            switch filter[place] {
            case hash: return true
            case plus:
                while position < topic.count, topic[position] != slash { position += 1 }
                place += 1
            default:
                guard position < topic.count, topic[position] == filter[place] else {
                    // `a/#` matches `a`.
                    return position == topic.count && filter[place...].elementsEqual([slash, hash])
                }
                place += 1
                position += 1
            }
        }
        return position == topic.count
    }

    private static let plus = UInt8(ascii: "+")
    private static let hash = UInt8(ascii: "#")
    private static let slash = UInt8(ascii: "/")
}
