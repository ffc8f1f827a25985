/// A topic or pattern of a subscription, split into segments (docs/spec/behaviour.md §6).
///
/// `*` stands for exactly one non-empty segment, and `**` for any number of segments, including none. A `*` inside a
/// segment (`pump*`) stands for one or more characters of that segment. Wildcards never match text that contains `@`.
public struct TopicPattern: Hashable, Sendable, CustomStringConvertible {
    /// One segment of a pattern, by what it matches.
    package enum Segment: Hashable, Sendable {
        /// Exactly this text, compared by bytes.
        case literal(Substring)
        /// `*`: any segment that is not empty.
        case one
        /// `**`: any number of segments.
        case many
        /// Text with `*` in it, each for one or more characters.
        case glob(Substring)
        /// MQTT's `+`: any segment, including an empty one.
        case any
        /// MQTT's `#`, the last segment: any number of segments, including none.
        case rest
    }

    /// The text of the subscription, which is part of each delivery.
    public let text: String
    /// The parts between slashes.
    package let segments: [Segment]

    /// Splits a subscription topic. Every text is a pattern; one without `*` matches itself only.
    public init(_ text: String) {
        self.text = text
        var segments: [Segment] = []
        for part in Self.segments(of: text) {
            if part == "**" {
                // `**/**` means the same as `**`, which is cheaper to match.
                if segments.last != .many { segments.append(.many) }
            } else if part == "*" {
                segments.append(.one)
            } else {
                segments.append(part.utf8.contains(UInt8(ascii: "*")) ? .glob(part) : .literal(part))
            }
        }
        self.segments = segments
    }

    /// Splits a topic filter of MQTT, with the rules of MQTT: `+` and `#` at the beginning do not match segments that
    /// begin with `$`, and `@` and empty segments have no special meaning.
    package init(mqttFilter filter: String) {
        text = filter
        segments = Self.segments(of: filter).map { part in
            part == "+" ? .any : part == "#" ? .rest : .literal(part)
        }
    }

    /// Whether `topic` is a pattern, which means that it contains a `*`.
    public static func isPattern(_ topic: some StringProtocol) -> Bool {
        topic.utf8.contains(UInt8(ascii: "*"))
    }

    /// The text of the subscription.
    public var description: String { text }

    /// Whether a publication to `topic` matches. For many patterns at once, the broker's index is faster.
    public func matches(_ topic: String) -> Bool {
        var index = TopicIndex<Int>()
        index.insert(self, element: 0)
        var found = false
        index.forEachMatch(of: topic) { _ in found = true }
        return found
    }

    /// The segments of a topic, split at the byte `/`. As a character, a slash with a combining mark would not be a
    /// slash.
    package static func segments(of topic: String) -> [Substring] {
        topic.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
    }

    /// Whether `segment` matches a glob: each `*` stands for one or more characters other than `@`.
    package static func glob(_ glob: Substring, matches segment: Substring) -> Bool {
        globMatches(Array(glob.utf8)[...], Array(segment.utf8)[...])
    }

    private static func globMatches(_ glob: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        // The match is greedy with one backtrack point, so the cost is at most glob × text.
        var (g, t) = (glob.startIndex, text.startIndex)
        var star: (glob: Int, text: Int)?
        while t < text.endIndex {
            if g < glob.endIndex, glob[g] == UInt8(ascii: "*") {
                guard text[t] != UInt8(ascii: "@") else { return false }
                star = (g, t)
                g += 1
                t += 1
            } else if g < glob.endIndex, glob[g] == text[t] {
                g += 1
                t += 1
            } else if let last = star, text[last.text + 1] != UInt8(ascii: "@") {
                star = (last.glob, last.text + 1)
                g = last.glob + 1
                t = last.text + 2
                if t > text.endIndex { return false }
            } else {
                return false
            }
        }
        return g == glob.endIndex
    }
}

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
