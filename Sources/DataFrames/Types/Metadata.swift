/// What a field or a schema says about itself: pairs of texts, in order.
public struct Metadata: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One entry.
    public struct Pair: Sendable, Hashable {
        /// What the entry is about.
        public var key: String
        /// What it says.
        public var value: String

        /// Creates the value from its parts.
        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The entries in the order in which they were written; a key can occur more than once.
    public var pairs: [Pair]

    /// Creates the value from its parts.
    public init(_ pairs: [Pair] = []) { self.pairs = pairs }

    /// Creates the value from its parts.
    public init(dictionaryLiteral elements: (String, String)...) {
        pairs = elements.map { Pair(key: $0, value: $1) }
    }

    /// Whether there are no entries.
    public var isEmpty: Bool { pairs.isEmpty }

    /// The value of the first entry with this key.
    public subscript(key: String) -> String? { pairs.first { $0.key == key }?.value }
}
