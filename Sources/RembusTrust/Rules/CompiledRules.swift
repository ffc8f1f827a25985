import RembusWire

/// A document in a form for fast checks.
final class CompiledRules: Sendable {
    private struct GrantKey: Hashable, Sendable {
        var name: ExactText
        var topic: ExactText
    }

    let admins: NameSet
    let readOnly: NameSet
    private let privateTopics: Set<ExactText>
    private let privatePatterns: PatternTable
    private let grants: [GrantKey: ActionSet]
    /// The rights of each name by patterns.
    private let patternGrants: [ExactText: PatternTable]
    /// When components were removed, in milliseconds since 1970.
    let removed: [ExactText: Int64]
    private let overlaps = TableOverlaps()

    init(_ document: TrustDocument) {
        admins = document.admins
        readOnly = document.readOnly
        removed = document.removed.sorted().reduce(into: [:]) { times, entry in
            // A malformed time is refused when the file is read. Here it must not make proofs valid.
            times[ExactText(entry.key)] = RemovalTime.milliseconds(entry.value) ?? .max
        }
        var topics: Set<ExactText> = []
        var patterns = PatternTable()
        for topic in document.privateTopics {
            if TopicPattern.isPattern(topic) {
                patterns.insert(TopicPattern(topic), element: .all)
            } else {
                topics.insert(ExactText(topic))
            }
        }
        (privateTopics, privatePatterns) = (topics, patterns)
        var grants: [GrantKey: ActionSet] = [:]
        var patternGrants: [ExactText: PatternTable] = [:]
        for grant in document.grants {
            let (name, actions) = (ExactText(grant.name), ActionSet(grant.actions))
            if TopicPattern.isPattern(grant.topic) {
                patternGrants[name, default: PatternTable()].insert(
                    TopicPattern(grant.topic), element: actions)
            } else {
                grants[GrantKey(name: name, topic: ExactText(grant.topic)), default: []].formUnion(actions)
            }
        }
        (self.grants, self.patternGrants) = (grants, patternGrants)
    }

    var hasPrivateTopics: Bool { !privateTopics.isEmpty || !privatePatterns.isEmpty }

    func isPrivate(_ topic: String) -> Bool {
        privateTopics.contains(ExactText(topic))
            || !privatePatterns.isEmpty && !privatePatterns.actions(matching: topic).isEmpty
    }

    func isGranted(_ name: String, _ action: TrustAction, _ topic: String) -> Bool {
        let (name, action) = (ExactText(name), ActionSet(action))
        if let actions = grants[GrantKey(name: name, topic: ExactText(topic))], actions.contains(action) { return true }
        return patternGrants[name]?.actions(matching: topic).contains(action) ?? false
    }

    // MARK: Tables

    /// Whether a private topic can be among the topics of a table.
    func isPrivate(table pattern: String) -> Bool {
        guard hasPrivateTopics else { return false }
        // If that takes too long to find out, the table counts as private.
        return overlap(pattern).map { !$0.isEmpty } ?? true
    }

    /// Whether `name` has a grant for every private topic that can fill a table.
    func isGranted(_ name: String, _ action: TrustAction, table pattern: String) -> Bool {
        let key = TableOverlaps.Question(name: ExactText(name), action: action, pattern: ExactText(pattern))
        if let answer = overlaps.answer(key) { return answer }
        let own = patternGrants[ExactText(name)]
        let isGranted =
            overlap(pattern)?.allSatisfy { row in
                (own?.actions(covering: row).contains(ActionSet(action)) ?? false)
                    || row.literalTopic.map { self.isGranted(name, action, $0) } ?? false
            } ?? false
        overlaps.set(isGranted, for: key)
        return isGranted
    }

    private func overlap(_ pattern: String) -> [[TopicPattern.Segment]]? {
        overlaps.rows(ExactText(pattern)) {
            let table = TableSegment.split(pattern)
            guard let rows = privatePatterns.overlap(with: table, steps: TableOverlaps.maximumSteps) else { return nil }
            return rows + privateTopics.compactMap { Self.row(of: $0, in: table) }
        }
    }

    /// The segments of a topic that can fill a table; nil for one that cannot.
    private static func row(of topic: ExactText, in table: [TableSegment]) -> [TopicPattern.Segment]? {
        let parts = TopicPattern.segments(of: topic.string)
        guard parts.count == table.count else { return nil }
        for (part, segment) in zip(parts, table) {
            switch segment {
            case .literal(let text): if ExactText(text) != ExactText(part) { return nil }
            case .any: if part.isEmpty { return nil }
            }
        }
        return parts.map { .literal($0) }
    }
}

extension [TopicPattern.Segment] {
    /// The topic that these segments match; nil when they match several.
    fileprivate var literalTopic: String? {
        var parts: [Substring] = []
        for segment in self {
            guard case .literal(let text) = segment else { return nil }
            parts.append(text)
        }
        return parts.joined(separator: "/")
    }
}
