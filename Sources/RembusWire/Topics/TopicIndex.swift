/// All pattern subscriptions of a broker, shared as a trie of segments, matched in one pass over a topic.
///
/// A match follows every live branch at once (a node reached twice in one step is followed once), so its cost grows with
/// the topic's segments and the branches that match, not with the number of patterns, and no pattern can make it
/// exponential. Each element is returned once per pattern it was inserted with.
package struct TopicIndex<Element> {
    private final class Node {
        var literals: [ExactText: Node] = [:]
        var globs: [(glob: Substring, node: Node)] = []
        var one: Node?
        var many: Node?
        /// Behind MQTT's `+`.
        var any: Node?
        /// Behind MQTT's `#`, which ends a filter.
        var rest: Node?
        /// True for the node behind `**`: it stays live for as long as segments come.
        let isMany: Bool
        var elements: [Element] = []
        var stamp: UInt64 = 0

        init(isMany: Bool = false) {
            self.isMany = isMany
        }

        var isEmpty: Bool {
            elements.isEmpty && literals.isEmpty && globs.isEmpty && one == nil && many == nil && any == nil
                && rest == nil
        }

        func child(_ segment: TopicPattern.Segment, create: Bool) -> Node? {
            switch segment {
            case .literal(let text):
                if let node = literals[ExactText(text)] { return node }
                guard create else { return nil }
                let node = Node()
                // A copy: the key must not keep the whole pattern text alive for one segment.
                literals[ExactText(String(text))] = node
                return node
            case .one:
                if one == nil && create { one = Node() }
                return one
            case .many:
                if many == nil && create { many = Node(isMany: true) }
                return many
            case .glob(let text):
                if let known = globs.first(where: { $0.glob == text }) { return known.node }
                guard create else { return nil }
                let node = Node()
                globs.append((Substring(String(text)), node))
                return node
            case .any:
                if any == nil && create { any = Node() }
                return any
            case .rest:
                if rest == nil && create { rest = Node() }
                return rest
            }
        }

        func dropChild(_ segment: TopicPattern.Segment) {
            switch segment {
            case .literal(let text): literals[ExactText(text)] = nil
            case .one: one = nil
            case .many: many = nil
            case .glob(let text): globs.removeAll { $0.glob == text }
            case .any: any = nil
            case .rest: rest = nil
            }
        }
    }

    private var root = Node()
    private var step: UInt64 = 0
    package private(set) var count = 0

    package init() {}

    package mutating func insert(_ pattern: TopicPattern, element: Element) {
        var node = root
        for segment in pattern.segments {
            guard let next = node.child(segment, create: true) else { return }
            node = next
        }
        node.elements.append(element)
        count += 1
    }

    /// Removes the first element of `pattern` that `isElement` accepts; false when there is none.
    @discardableResult
    package mutating func remove(_ pattern: TopicPattern, where isElement: (Element) -> Bool) -> Bool {
        var path = [root]
        for segment in pattern.segments {
            guard let next = path[path.count - 1].child(segment, create: false) else { return false }
            path.append(next)
        }
        guard let position = path[path.count - 1].elements.firstIndex(where: isElement) else { return false }
        path[path.count - 1].elements.remove(at: position)
        count -= 1
        for depth in stride(from: path.count - 1, to: 0, by: -1) where path[depth].isEmpty {
            path[depth - 1].dropChild(pattern.segments[depth - 1])
        }
        return true
    }

    /// Calls `body` with every element.
    package func forEach(_ body: (Element) -> Void) {
        var open = [root]
        while let node = open.popLast() {
            node.elements.forEach(body)
            open.append(contentsOf: node.literals.values)
            open.append(contentsOf: node.globs.map(\.node))
            if let one = node.one { open.append(one) }
            if let many = node.many { open.append(many) }
            if let any = node.any { open.append(any) }
            if let rest = node.rest { open.append(rest) }
        }
    }

    /// Calls `body` with the element of every pattern that matches `topic`, in no particular order.
    package mutating func forEachMatch(of topic: String, _ body: (Element) -> Void) {
        guard count > 0 else { return }
        var live: [Node] = []
        step += 1
        Self.enter(root, step, &live)
        // What begins with `$` is the server's own: MQTT's wildcards do not stand for it.
        let isHidden = topic.utf8.first == UInt8(ascii: "$")
        if !isHidden { root.rest?.elements.forEach(body) }
        for segment in TopicPattern.segments(of: topic) {
            // `*` and `**` never stand for text with an `@` (behaviour.md §6.1).
            let isWild = !segment.utf8.contains(UInt8(ascii: "@"))
            var next: [Node] = []
            step += 1
            for node in live {
                if node.isMany && isWild { Self.enter(node, step, &next) }
                if let child = node.literals[ExactText(segment)] { Self.enter(child, step, &next) }
                if isWild, !segment.isEmpty, let child = node.one { Self.enter(child, step, &next) }
                if let child = node.any, !isHidden || node !== root { Self.enter(child, step, &next) }
                for (glob, child) in node.globs where TopicPattern.glob(glob, matches: segment) {
                    Self.enter(child, step, &next)
                }
            }
            live = next
            if live.isEmpty { return }
            // Once each: only one way leads to a node in front of `#`, and it has no `**`.
            for node in live { node.rest?.elements.forEach(body) }
        }
        for node in live {
            for element in node.elements { body(element) }
        }
    }

    /// Adds `node`, and what a `**` behind it reaches with no segment at all, unless this step already has it.
    private static func enter(_ node: Node, _ step: UInt64, _ live: inout [Node]) {
        guard node.stamp != step else { return }
        node.stamp = step
        live.append(node)
        if let many = node.many { enter(many, step, &live) }
    }
}
