/// Values by topic, searched by pattern. (``TopicIndex`` does the reverse: it searches patterns by topic.)
///
/// Topics share the nodes of their common beginning, so a search follows only branches that the pattern can match. A
/// pattern that begins with a wildcard may have to visit every topic, so the caller limits the cost of a search.
package struct TopicDirectory<Value> {
    private final class Node {
        var children: [ExactText: Node] = [:]
        var value: Value?

        var isEmpty: Bool { value == nil && children.isEmpty }
    }

    private var root = Node()
    package private(set) var count = 0
    /// The number of segments of all topics. Shared segments count once.
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

    /// The number of segments of a topic that would be added.
    package func newNodes(for topic: String) -> Int {
        let segments = TopicPattern.segments(of: topic)
        var node = root
        for (index, segment) in segments.enumerated() {
            guard let child = node.children[ExactText(segment)] else { return segments.count - index }
            node = child
        }
        return 0
    }

    /// Stores a value for a topic. Returns the earlier one.
    @discardableResult
    package mutating func insert(_ value: Value, for topic: String) -> Value? {
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            if let child = node.children[ExactText(segment)] {
                node = child
            } else {
                let child = Node()
                // Copied, so that one segment does not keep the whole topic in memory.
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

    /// Removes and returns the value of a topic.
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

    /// Removes and returns all values. It starts at the root, because freeing a long topic would otherwise take as many
    /// nested calls as it has segments.
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

    /// The values whose topics match; nil when the search would visit too many others, or when the pattern is too long.
    ///
    /// - Parameter patience: The number of segments that may be visited without finding a value; reduced by those that
    ///   were. Each value that is found pays for the way to it.
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

    /// The number of visits that each found value pays for.
    private static var pay: Int { 4 }
}

/// A pattern as a state machine that takes one segment of a topic at a time. A state is a position in the pattern.
/// Several are active at a time where `**` may stand for different numbers of segments.
private struct PatternAutomaton {
    /// A set of states, with one bit for each position.
    struct States {
        var bits: UInt64 = 0

        var isEmpty: Bool { bits == 0 }
        var hasOne: Bool { bits != 0 && bits & (bits &- 1) == 0 }
        var first: Int { bits.trailingZeroBitCount }

        func contains(_ position: Int) -> Bool { bits >> UInt64(position) & 1 == 1 }
    }

    private let segments: [TopicPattern.Segment]

    /// nil when there are more positions than bits.
    init?(_ pattern: TopicPattern) {
        guard pattern.segments.count < UInt64.bitWidth else { return nil }
        segments = pattern.segments
    }

    /// The states before the first segment.
    var start: States {
        var states = States()
        add(0, to: &states)
        return states
    }

    /// Adds a position and, behind a `**`, also the next one, since `**` may stand for no segment.
    private func add(_ position: Int, to states: inout States) {
        states.bits |= 1 << UInt64(position)
        if position < segments.count, segments[position] == .many { add(position + 1, to: &states) }
    }

    /// Whether a topic may end in these states.
    func accepts(_ states: States) -> Bool {
        states.contains(segments.count) || (segments.last == .rest && states.contains(segments.count - 1))
    }

    /// The only segment that can follow; nil when there are several.
    func literal(_ states: States) -> Substring? {
        guard states.hasOne, states.first < segments.count, case .literal(let text) = segments[states.first] else {
            return nil
        }
        return text
    }

    /// The states behind a segment. The rules are those of ``TopicIndex``.
    func step(_ states: States, _ segment: Substring, isFirst: Bool) -> States {
        // `*` and `**` never stand for text with an `@` (behaviour.md §6.1).
        let isWild = !segment.utf8.contains(UInt8(ascii: "@"))
        // Topics that begin with `$` are the server's own. MQTT's wildcards do not match them.
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
