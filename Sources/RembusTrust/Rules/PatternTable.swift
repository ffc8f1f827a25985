import RembusWire

/// Patterns with the actions they stand for, as a trie that does not change once it is built, so that any thread may
/// ask it at any time. (``TopicIndex`` leaves marks in itself while it matches.)
///
/// What a question costs grows with the topic's segments and the branches that match, not with the number of patterns.
struct PatternTable: Sendable {
    struct Node: Sendable {
        var literals: [ExactText: Int32] = [:]
        /// Patterns inside of a segment, by the bytes before their first `*`.
        var globs: [[UInt8]: [Glob]] = [:]
        /// The lengths that occur in `globs`.
        var globPrefixes: [Int] = []
        var one: Int32?
        var many: Int32?
        /// True for the node behind `**`: it stays live for as long as segments come.
        var isMany = false
        var actions: ActionSet = []
    }

    struct Glob: Sendable {
        var text: Substring
        var node: Int32
    }

    private(set) var nodes = [Node()]

    var isEmpty: Bool { nodes.count == 1 }

    /// Adds actions to what a pattern stands for.
    mutating func insert(_ pattern: TopicPattern, _ actions: ActionSet) {
        var node: Int32 = 0
        for segment in pattern.segments { node = child(of: node, segment) }
        nodes[Int(node)].actions.formUnion(actions)
    }

    /// What the patterns that match `topic` stand for, together.
    func actions(matching topic: String) -> ActionSet {
        actions(covering: TopicPattern.segments(of: topic).map(TopicPattern.Segment.literal))
    }

    /// What the patterns stand for that each match every topic that `segments` matches; none of these is `**`.
    ///
    /// Patterns that only together match all of them do not count.
    func actions(covering segments: [TopicPattern.Segment]) -> ActionSet {
        var live = LiveNodes()
        enter(0, &live)
        for segment in segments {
            var next = LiveNodes()
            for node in live.list { follow(nodes[Int(node)], node, segment, &next) }
            if next.list.isEmpty { return [] }
            live = next
        }
        return live.list.reduce(into: []) { $0.formUnion(nodes[Int($1)].actions) }
    }

    private func follow(
        _ node: Node, _ number: Int32, _ segment: TopicPattern.Segment, _ next: inout LiveNodes
    ) {
        // What a wildcard stands for never contains `@` (behaviour.md §6.1).
        if node.isMany, !segment.containsAt { enter(number, &next) }
        if let child = node.one, !segment.containsAt, segment != .literal("") { enter(child, &next) }
        switch segment {
        case .literal(let text):
            if let child = node.literals[ExactText(text)] { enter(child, &next) }
            node.forEachGlob(matching: text) { enter($0.node, &next) }
        case .glob(let text):
            for glob in node.globs[Self.prefix(of: text)] ?? [] where ExactText(glob.text) == ExactText(text) {
                enter(glob.node, &next)
            }
        case .one, .many, .any, .rest: break
        }
    }

    /// Adds `node`, and what a `**` behind it reaches with no segment at all.
    private func enter(_ node: Int32, _ live: inout LiveNodes) {
        guard live.insert(node) else { return }
        if let many = nodes[Int(node)].many { enter(many, &live) }
    }

    private mutating func child(of parent: Int32, _ segment: TopicPattern.Segment) -> Int32 {
        let index = Int(parent)
        let fresh = Int32(nodes.count)
        switch segment {
        case .literal(let text):
            if let known = nodes[index].literals[ExactText(text)] { return known }
            // A copy: the key must not keep the whole pattern text alive for one segment.
            nodes[index].literals[ExactText(String(text))] = fresh
        // Rules have no wildcards of MQTT.
        case .one, .any:
            if let known = nodes[index].one { return known }
            nodes[index].one = fresh
        case .many, .rest:
            if let known = nodes[index].many { return known }
            nodes[index].many = fresh
        case .glob(let text):
            let prefix = Self.prefix(of: text)
            if let known = nodes[index].globs[prefix]?.first(where: { ExactText($0.text) == ExactText(text) }) {
                return known.node
            }
            nodes[index].globs[prefix, default: []].append(Glob(text: Substring(String(text)), node: fresh))
            if !nodes[index].globPrefixes.contains(prefix.count) { nodes[index].globPrefixes.append(prefix.count) }
        }
        nodes.append(Node(isMany: segment == .many))
        return fresh
    }

    private static func prefix(of glob: Substring) -> [UInt8] {
        Array(glob.utf8.prefix { $0 != UInt8(ascii: "*") })
    }
}

extension PatternTable.Node {
    /// Calls `body` with every pattern inside of a segment that matches `segment`.
    func forEachGlob(matching segment: Substring, _ body: (PatternTable.Glob) -> Void) {
        guard !globs.isEmpty else { return }
        let bytes = Array(segment.utf8)
        for length in globPrefixes where length < bytes.count {
            for glob in globs[Array(bytes[..<length])] ?? [] where TopicPattern.glob(glob.text, matches: segment) {
                body(glob)
            }
        }
    }
}

/// Nodes that are followed at once, each only once.
private struct LiveNodes {
    private(set) var list: [Int32] = []
    /// Used from a size on at which searching the list is slower.
    private var set: Set<Int32> = []

    mutating func insert(_ node: Int32) -> Bool {
        if list.count < 16 {
            if list.contains(node) { return false }
        } else {
            if set.isEmpty { set = Set(list) }
            guard set.insert(node).inserted else { return false }
        }
        list.append(node)
        return true
    }
}

extension TopicPattern.Segment {
    /// Whether its text has an `@`, which no wildcard stands for.
    var containsAt: Bool {
        switch self {
        case .literal(let text), .glob(let text): text.utf8.contains(UInt8(ascii: "@"))
        case .one, .many, .any, .rest: false
        }
    }
}
