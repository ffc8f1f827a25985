/// Patterns with elements, searched by topic: a trie of segments that is matched in one pass over a topic.
/// (``TopicDirectory`` does the reverse: it searches topics by pattern.)
///
/// A match follows all matching branches at once, and a node that is reached twice in one step only once. So its cost
/// grows with the topic's segments and the branches that match, not with the number of patterns, and no pattern can
/// make it exponential. Each element is found once for each pattern that it was inserted with. A match changes nothing,
/// so a shared index can be searched on any thread.
package struct TopicIndex<Element> {
    /// A node of the trie. Nodes refer to each other by their numbers.
    package struct Node {
        package fileprivate(set) var literals: [ExactText: Int32] = [:]
        package fileprivate(set) var globs = GlobTable()
        package fileprivate(set) var one: Int32?
        package fileprivate(set) var many: Int32?
        /// The node behind MQTT's `+`.
        fileprivate var any: Int32?
        /// The node behind MQTT's `#`, which ends a filter.
        fileprivate var rest: Int32?
        /// Whether this is the node behind `**`, which stays active for all following segments.
        package fileprivate(set) var isMany = false
        package fileprivate(set) var elements: [Element] = []

        fileprivate var isEmpty: Bool {
            elements.isEmpty && literals.isEmpty && globs.isEmpty && one == nil && many == nil && any == nil
                && rest == nil
        }
    }

    /// The nodes by number. The first one is the root.
    package private(set) var nodes = [Node()]
    /// The numbers of nodes that are not in use.
    private var free: [Int32] = []
    /// The number of elements.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    package mutating func insert(_ pattern: TopicPattern, element: Element) {
        var node: Int32 = 0
        for segment in pattern.segments { node = child(of: node, segment) ?? makeChild(of: node, segment) }
        nodes[Int(node)].elements.append(element)
        count += 1
    }

    /// Removes the first element of `pattern` that `isElement` accepts. Returns false when there is none.
    @discardableResult
    package mutating func remove(_ pattern: TopicPattern, where isElement: (Element) -> Bool) -> Bool {
        var path: [Int32] = [0]
        for segment in pattern.segments {
            guard let next = child(of: path[path.count - 1], segment) else { return false }
            path.append(next)
        }
        let last = Int(path[path.count - 1])
        guard let position = nodes[last].elements.firstIndex(where: isElement) else { return false }
        nodes[last].elements.remove(at: position)
        count -= 1
        for depth in stride(from: path.count - 1, to: 0, by: -1) where nodes[Int(path[depth])].isEmpty {
            setChild(of: path[depth - 1], pattern.segments[depth - 1], nil)
            nodes[Int(path[depth])] = Node()
            free.append(path[depth])
        }
        if count == 0 { (nodes, free) = ([Node()], []) }
        return true
    }

    /// Calls `body` with every element.
    package func forEach(_ body: (Element) -> Void) {
        for node in nodes { node.elements.forEach(body) }
    }

    // MARK: Matching

    /// Calls `body` with the element of every pattern that matches `topic`, in no particular order.
    package func forEachMatch(of topic: String, _ body: (Element) -> Void) {
        guard count > 0 else { return }
        // Topics that begin with `$` are the server's own. MQTT's wildcards do not match them.
        let isHidden = topic.utf8.first == UInt8(ascii: "$")
        var live = LiveNodes()
        enter(0, &live)
        if !isHidden, let rest = nodes[0].rest { nodes[Int(rest)].elements.forEach(body) }
        for segment in TopicPattern.segments(of: topic) {
            live = step(live, .literal(segment), isHidden: isHidden)
            if live.list.isEmpty { return }
            // Each element once: only one path leads to a node in front of `#`, and it has no `**`.
            for node in live.list {
                if let rest = nodes[Int(node)].rest { nodes[Int(rest)].elements.forEach(body) }
            }
        }
        for node in live.list { nodes[Int(node)].elements.forEach(body) }
    }

    /// Calls `body` with the element of every pattern that matches each topic which `segments` match. None of the
    /// segments is `**`.
    ///
    /// Patterns that match all of them only together do not count.
    package func forEachCover(of segments: [TopicPattern.Segment], _ body: (Element) -> Void) {
        var live = LiveNodes()
        enter(0, &live)
        for segment in segments {
            live = step(live, segment, isHidden: false)
            if live.list.isEmpty { return }
        }
        for node in live.list { nodes[Int(node)].elements.forEach(body) }
    }

    private func step(_ live: LiveNodes, _ segment: TopicPattern.Segment, isHidden: Bool) -> LiveNodes {
        var next = LiveNodes()
        // `*` and `**` never stand for text with an `@` (behaviour.md §6.1).
        let isWild = !segment.containsAt
        for number in live.list {
            if nodes[Int(number)].isMany && isWild { enter(number, &next) }
            if let child = nodes[Int(number)].one, isWild, segment != .literal("") { enter(child, &next) }
            switch segment {
            case .literal(let text):
                if let child = nodes[Int(number)].literals[ExactText(text)] { enter(child, &next) }
                if let child = nodes[Int(number)].any, !isHidden || number != 0 { enter(child, &next) }
                nodes[Int(number)].globs.forEachMatch(of: text) { enter($0, &next) }
            case .glob(let text):
                if let child = nodes[Int(number)].globs[text] { enter(child, &next) }
            case .one, .many, .any, .rest: break
            }
        }
        return next
    }

    /// Adds `node` and, behind a `**`, the nodes that are reached without a segment, unless they were added in this
    /// step.
    private func enter(_ node: Int32, _ live: inout LiveNodes) {
        guard live.insert(node) else { return }
        if let many = nodes[Int(node)].many { enter(many, &live) }
    }

    // MARK: Branches

    private func child(of parent: Int32, _ segment: TopicPattern.Segment) -> Int32? {
        let parent = Int(parent)
        return switch segment {
        case .literal(let text): nodes[parent].literals[ExactText(text)]
        case .one: nodes[parent].one
        case .many: nodes[parent].many
        case .glob(let text): nodes[parent].globs[text]
        case .any: nodes[parent].any
        case .rest: nodes[parent].rest
        }
    }

    private mutating func makeChild(of parent: Int32, _ segment: TopicPattern.Segment) -> Int32 {
        let number: Int32
        if let known = free.popLast() {
            number = known
        } else {
            number = Int32(nodes.count)
            nodes.append(Node())
        }
        nodes[Int(number)].isMany = segment == .many
        setChild(of: parent, segment, number)
        return number
    }

    private mutating func setChild(of parent: Int32, _ segment: TopicPattern.Segment, _ child: Int32?) {
        let parent = Int(parent)
        switch segment {
        // Copied, so that one segment does not keep the text of the whole pattern in memory.
        case .literal(let text): nodes[parent].literals[ExactText(String(text))] = child
        case .one: nodes[parent].one = child
        case .many: nodes[parent].many = child
        case .glob(let text): nodes[parent].globs[text] = child
        case .any: nodes[parent].any = child
        case .rest: nodes[parent].rest = child
        }
    }
}

extension TopicIndex: Sendable where Element: Sendable {}
extension TopicIndex.Node: Sendable where Element: Sendable {}

/// The nodes that are active at the same time, without duplicates.
private struct LiveNodes {
    private(set) var list: [Int32] = []
    /// Used for larger lists, where searching the list would be slower.
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
    /// Whether the text contains an `@`, which wildcards do not match.
    package var containsAt: Bool {
        switch self {
        case .literal(let text), .glob(let text): text.utf8.contains(UInt8(ascii: "@"))
        case .one, .many, .any, .rest: false
        }
    }
}
