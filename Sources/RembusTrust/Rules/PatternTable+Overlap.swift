import RembusWire

/// One segment of the topics of a table.
enum TableSegment: Sendable {
    case literal(Substring)
    /// Any segment that is not empty, also with an `@` (storage.md §3).
    case any

    static func split(_ pattern: String) -> [TableSegment] {
        TopicPattern.segments(of: pattern).map { $0 == "*" ? .any : .literal($0) }
    }
}

extension TopicIndex<ActionSet> {
    /// The topics that a pattern of this table and `table` have in common, as rows of segments, none of which is `**`.
    ///
    /// - Returns: nil when finding them takes more than `steps` steps.
    func overlap(with table: [TableSegment], steps: Int) -> [[TopicPattern.Segment]]? {
        var search = OverlapSearch(nodes: nodes, table: table, steps: steps)
        search.visit(0, [])
        return search.steps > 0 ? search.rows : nil
    }
}

/// A search through the branches of a trie that match a table's topics.
private struct OverlapSearch {
    let nodes: [PatternTable.Node]
    let table: [TableSegment]
    var steps: Int
    var rows: [[TopicPattern.Segment]] = []

    mutating func visit(_ number: Int32, _ row: [TopicPattern.Segment]) {
        guard steps > 0 else { return }
        steps -= 1
        let node = nodes[Int(number)]
        if let many = node.many { visit(many, row) }
        guard row.count < table.count else {
            if !node.elements.isEmpty { rows.append(row) }
            return
        }
        switch table[row.count] {
        case .literal(let text): visit(node, number, literal: text, row)
        case .any: visitAll(node, number, row)
        }
    }

    private mutating func visit(
        _ node: PatternTable.Node, _ number: Int32, literal text: Substring, _ row: [TopicPattern.Segment]
    ) {
        let segment = TopicPattern.Segment.literal(text)
        let row = row + [segment]
        if let child = node.literals[ExactText(text)] { visit(child, row) }
        if !segment.containsAt {
            if node.isMany { visit(number, row) }
            if let child = node.one, !text.isEmpty { visit(child, row) }
        }
        var children: [Int32] = []
        node.globs.forEachMatch(of: text) { children.append($0) }
        for child in children { visit(child, row) }
    }

    private mutating func visitAll(_ node: PatternTable.Node, _ number: Int32, _ row: [TopicPattern.Segment]) {
        for (text, child) in node.literals where !text.text.isEmpty { visit(child, row + [.literal(text.text)]) }
        if node.isMany { visit(number, row + [.one]) }
        if let child = node.one { visit(child, row + [.one]) }
        for glob in node.globs.entries { visit(glob.node, row + [.glob(glob.text)]) }
    }
}
