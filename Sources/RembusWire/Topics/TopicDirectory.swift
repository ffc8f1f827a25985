/// Values by topic, found by a pattern: the mirror image of ``TopicIndex``, which finds patterns by a topic.
///
/// Topics share the segments that they begin with, so a search follows only branches that the pattern can match. Its
/// cost is bounded by whoever asks, since a pattern that begins with a wildcard may have to look at every topic.
package struct TopicDirectory<Value> {
    private final class Node {
        var children: [ExactText: Node] = [:]
        var value: Value?

        var isEmpty: Bool { value == nil && children.isEmpty }
    }

    private var root = Node()
    package private(set) var count = 0
    /// How many segments the topics have, those that several share once.
    package private(set) var nodeCount = 0

    package init() {}

    package subscript(topic: String) -> Value? {
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            guard let child = node.children[ExactText(segment)] else { return nil }
            node = child
        }
        return node.value
    }

    /// How many segments a topic has that are not there yet.
    package func newNodes(for topic: String) -> Int {
        let segments = TopicPattern.segments(of: topic)
        var node = root
        for (index, segment) in segments.enumerated() {
            guard let child = node.children[ExactText(segment)] else { return segments.count - index }
            node = child
        }
        return 0
    }

    /// Puts a value under a topic; the one that was there.
    @discardableResult
    package mutating func insert(_ value: Value, for topic: String) -> Value? {
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            if let child = node.children[ExactText(segment)] {
                node = child
            } else {
                let child = Node()
                // A copy: the key must not keep the whole topic alive for one segment.
                node.children[ExactText(String(segment))] = child
                nodeCount += 1
                node = child
            }
        }
        let old = node.value
        node.value = value
        if old == nil { count += 1 }
        return old
    }

    /// Takes away what is under a topic.
    @discardableResult
    package mutating func remove(_ topic: String) -> Value? {
        var path: [(parent: Node, segment: ExactText)] = []
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            guard let child = node.children[ExactText(segment)] else { return nil }
            path.append((node, ExactText(segment)))
            node = child
        }
        guard let value = node.value else { return nil }
        node.value = nil
        count -= 1
        while node.isEmpty, let (parent, segment) = path.popLast() {
            parent.children[segment] = nil
            nodeCount -= 1
            node = parent
        }
        return value
    }

    /// Takes everything away. From the top, because a long topic would otherwise be freed by as many nested calls.
    package mutating func removeAll() -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        var open = [root]
        (root, count, nodeCount) = (Node(), 0, 0)
        while let node = open.popLast() {
            if let value = node.value { values.append(value) }
            open.append(contentsOf: node.children.values)
            node.children = [:]
        }
        return values
    }

    /// Calls `body` with every value.
    package func forEach(_ body: (Value) -> Void) {
        var open = [root]
        while let node = open.popLast() {
            if let value = node.value { body(value) }
            open.append(contentsOf: node.children.values)
        }
    }

    /// The values whose topics match; nil when there are too many others on the way to them, or when the pattern is too
    /// long.
    ///
    /// - Parameter patience: How many segments may be looked at in vain. What was looked at is taken off; what is found pays for
    ///   the way to it.
    package func values(matching pattern: TopicPattern, patience: inout Int) -> [Value]? {
        guard let automaton = PatternAutomaton(pattern) else { return nil }
        var found: [Value] = []
        var looks = 0
        var open: [(node: Node, states: PatternAutomaton.States)] = [(root, automaton.start)]
        func enter(_ node: Node, _ states: PatternAutomaton.States) {
            guard !states.isEmpty else { return }
            if let value = node.value, automaton.accepts(states) {
                found.append(value)
                looks -= Self.pay
            }
            if !node.children.isEmpty { open.append((node, states)) }
        }
        while let (node, states) = open.popLast() {
            let isFirst = node === root
            if let literal = automaton.literal(states) {
                looks += 1
                if let child = node.children[ExactText(literal)] {
                    enter(child, automaton.step(states, literal, isFirst: isFirst))
                }
            } else {
                looks += node.children.count
                for (segment, child) in node.children {
                    enter(child, automaton.step(states, segment.text, isFirst: isFirst))
                }
            }
            if looks > patience {
                patience = 0
                return nil
            }
        }
        patience -= max(0, looks)
        return found
    }

    /// How many looks a value is worth.
    private static var pay: Int { 4 }
}

/// A pattern as a machine that takes one segment of a topic at a time: a state is a position in the pattern, and several
/// are live where a `**` leaves it open how far one is.
private struct PatternAutomaton {
    /// One bit for each position.
    struct States {
        var bits: UInt64 = 0

        var isEmpty: Bool { bits == 0 }
        var hasOne: Bool { bits != 0 && bits & (bits &- 1) == 0 }
        var first: Int { bits.trailingZeroBitCount }

        func contains(_ position: Int) -> Bool { bits >> UInt64(position) & 1 == 1 }
    }

    private let segments: [TopicPattern.Segment]

    /// nil for more positions than there are bits.
    init?(_ pattern: TopicPattern) {
        guard pattern.segments.count < UInt64.bitWidth else { return nil }
        segments = pattern.segments
    }

    /// Before the first segment.
    var start: States {
        var states = States()
        add(0, to: &states)
        return states
    }

    /// Adds a position, and the one behind it where a `**` may stand for nothing.
    private func add(_ position: Int, to states: inout States) {
        states.bits |= 1 << UInt64(position)
        if position < segments.count, segments[position] == .many { add(position + 1, to: &states) }
    }

    /// Whether a topic may end here.
    func accepts(_ states: States) -> Bool {
        states.contains(segments.count) || (segments.last == .rest && states.contains(segments.count - 1))
    }

    /// The text of the only segment that leads on; nil when there are others.
    func literal(_ states: States) -> Substring? {
        guard states.hasOne, states.first < segments.count, case .literal(let text) = segments[states.first] else {
            return nil
        }
        return text
    }

    /// The same rules as those of ``TopicIndex``.
    func step(_ states: States, _ segment: Substring, isFirst: Bool) -> States {
        // `*` and `**` never stand for text with an `@` (behaviour.md §6.1).
        let isWild = !segment.utf8.contains(UInt8(ascii: "@"))
        // What begins with `$` is the server's own: MQTT's wildcards do not stand for it.
        let isHidden = isFirst && segment.utf8.first == UInt8(ascii: "$")
        var next = States()
        var rest = states.bits
        while rest != 0 {
            let position = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard position < segments.count else { continue }
            switch segments[position] {
            case .literal(let text):
                if ExactText(text) == ExactText(segment) { add(position + 1, to: &next) }
            case .one:
                if isWild, !segment.isEmpty { add(position + 1, to: &next) }
            case .many:
                if isWild { add(position, to: &next) }
            case .glob(let glob):
                if TopicPattern.glob(glob, matches: segment) { add(position + 1, to: &next) }
            case .any:
                if !isHidden { add(position + 1, to: &next) }
            case .rest:
                if !isHidden { add(position, to: &next) }
            }
        }
        return next
    }
}
