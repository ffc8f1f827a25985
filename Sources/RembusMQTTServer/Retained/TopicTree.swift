import RembusWire

/// Values by topic, found by the filters of MQTT.
struct TopicTree<Value> {
    private final class Node {
        var children: [ExactText: Node] = [:]
        var value: Value?
    }

    private var root = Node()
    private(set) var count = 0
    /// How many segments the topics have, those that several share once.
    private(set) var nodeCount = 0
    /// About what a segment takes of the memory.
    static var nodeBytes: Int { 384 }

    subscript(topic: String) -> Value? {
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            guard let child = node.children[ExactText(segment)] else { return nil }
            node = child
        }
        return node.value
    }

    /// How many segments a topic has that are not there yet.
    func newNodes(for topic: String) -> Int {
        let segments = TopicPattern.segments(of: topic)
        var node = root
        for (index, segment) in segments.enumerated() {
            guard let child = node.children[ExactText(segment)] else { return segments.count - index }
            node = child
        }
        return 0
    }

    /// Puts a value under a topic, or takes it away; the value that was there.
    @discardableResult
    mutating func set(_ value: Value?, for topic: String) -> Value? {
        var path: [(node: Node, segment: ExactText)] = []
        var node = root
        for segment in TopicPattern.segments(of: topic) {
            // A copy: the key must not keep the whole topic alive for one segment.
            let key = ExactText(String(segment))
            path.append((node, key))
            if let child = node.children[key] {
                node = child
            } else {
                guard value != nil else { return nil }
                let child = Node()
                node.children[key] = child
                nodeCount += 1
                node = child
            }
        }
        let old = node.value
        node.value = value
        count += (value == nil ? 0 : 1) - (old == nil ? 0 : 1)
        if value == nil {
            for (parent, key) in path.reversed() {
                guard let child = parent.children[key], child.value == nil, child.children.isEmpty else { break }
                parent.children[key] = nil
                nodeCount -= 1
            }
        }
        return old
    }

    /// Calls `body` with every value whose topic matches the filter, until it returns false.
    func forEachMatch(of filter: String, _ body: (Value) -> Bool) {
        _ = visit(root, TopicPattern.segments(of: filter)[...], isFirst: true, body)
    }

    private func visit(
        _ node: Node, _ filter: ArraySlice<Substring>, isFirst: Bool, _ body: (Value) -> Bool
    ) -> Bool {
        guard let segment = filter.first else { return node.value.map(body) ?? true }
        if segment == "#" { return visitAll(node, isFirst: isFirst, body) }
        let rest = filter.dropFirst()
        guard segment == "+" else {
            guard let child = node.children[ExactText(segment)] else { return true }
            return visit(child, rest, isFirst: false, body)
        }
        for (key, child) in node.children where !isFirst || key.text.utf8.first != UInt8(ascii: "$") {
            guard visit(child, rest, isFirst: false, body) else { return false }
        }
        return true
    }

    private func visitAll(_ node: Node, isFirst: Bool, _ body: (Value) -> Bool) -> Bool {
        if let value = node.value, !body(value) { return false }
        for (key, child) in node.children where !isFirst || key.text.utf8.first != UInt8(ascii: "$") {
            guard visitAll(child, isFirst: false, body) else { return false }
        }
        return true
    }
}
