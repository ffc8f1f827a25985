/// The pairs of a map in the order in which they were sent.
///
/// A lookup searches through the pairs, which is fast for the small maps of the protocol. Copy a large map into a
/// `Dictionary` before searching it often. When a key occurs twice, both pairs are kept, and lookups return the last
/// one.
public struct ValueMap: Sendable {
    /// One key with its value.
    public struct Pair: Sendable, Hashable {
        /// The key. Any value is possible; the protocol uses only texts.
        public var key: Value
        /// The value of the key.
        public var value: Value

        /// Makes a pair.
        public init(key: Value, value: Value) {
            self.key = key
            self.value = value
        }
    }

    /// The pairs in order.
    public private(set) var pairs: [Pair]

    /// Makes a map of these pairs, in this order. Duplicate keys are kept.
    public init(pairs: [Pair] = []) { self.pairs = pairs }

    /// Makes a map of these pairs, in this order.
    public init(uniqueKeysWithValues pairs: some Sequence<(String, Value)>) {
        self.pairs = pairs.map { Pair(key: .text($0.0), value: $0.1) }
    }

    /// Makes a map in which the last of several pairs with the same key replaces the earlier ones.
    init(lastWins pairs: [Pair]) {
        var positions: [Value: Int] = [:]
        self.pairs = []
        self.pairs.reserveCapacity(pairs.count)
        for pair in pairs {
            let earlier =
                pairs.count > Self.scanLimit ? positions[pair.key] : self.pairs.firstIndex { $0.key == pair.key }
            if let earlier {
                self.pairs[earlier].value = pair.value
            } else {
                if pairs.count > Self.scanLimit { positions[pair.key] = self.pairs.count }
                self.pairs.append(pair)
            }
        }
    }

    /// With up to this many pairs a linear search is faster than a hash table.
    static let scanLimit = 12

    /// The value of a key; the last one if there are several. Assigning replaces the value in place or appends a pair;
    /// nil removes it.
    public subscript(key: Value) -> Value? {
        get { pairs.last { $0.key == key }?.value }
        set {
            guard let newValue else { return pairs.removeAll { $0.key == key } }
            if let index = pairs.lastIndex(where: { $0.key == key }) {
                pairs[index].value = newValue
            } else {
                pairs.append(Pair(key: key, value: newValue))
            }
        }
    }

    /// The value of a text key, see the general subscript.
    public subscript(key: String) -> Value? {
        get { self[.text(key)] }
        set { self[.text(key)] = newValue }
    }
}

extension ValueMap: RandomAccessCollection {
    /// The index of the first pair.
    public var startIndex: Int { pairs.startIndex }
    /// The index behind the last pair.
    public var endIndex: Int { pairs.endIndex }
    /// The pair at an index.
    public subscript(position: Int) -> Pair { pairs[position] }
}

extension ValueMap: Hashable {
    /// Maps are equal when they contain the same pairs, in any order.
    public static func == (left: ValueMap, right: ValueMap) -> Bool {
        if left.pairs == right.pairs { return true }
        return left.count == right.count && left.multiplicities == right.multiplicities
    }

    /// Hashes the pairs without regard to their order.
    public func hash(into hasher: inout Hasher) {
        // A sum is independent of the order, as equality is.
        hasher.combine(pairs.reduce(0) { $0 &+ $1.hashValue })
    }

    private var multiplicities: [Pair: Int] {
        pairs.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }
}

extension ValueMap: ExpressibleByDictionaryLiteral {
    /// Makes a map of pairs in the order of the literal.
    public init(dictionaryLiteral elements: (Value, Value)...) {
        pairs = elements.map { Pair(key: $0.0, value: $0.1) }
    }
}
