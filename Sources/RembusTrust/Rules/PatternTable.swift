import RembusWire

/// Patterns with the actions that they stand for.
typealias PatternTable = TopicIndex<ActionSet>

extension TopicIndex<ActionSet> {
    /// What the patterns that match `topic` stand for, together.
    func actions(matching topic: String) -> ActionSet {
        var all: ActionSet = []
        forEachMatch(of: topic) { all.formUnion($0) }
        return all
    }

    /// What the patterns stand for that each match every topic that `segments` match; none of these is `**`.
    func actions(covering segments: [TopicPattern.Segment]) -> ActionSet {
        var all: ActionSet = []
        forEachCover(of: segments) { all.formUnion($0) }
        return all
    }
}
