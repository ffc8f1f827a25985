import RembusWire

/// Patterns with the actions that they allow.
typealias PatternTable = TopicIndex<ActionSet>

extension TopicIndex<ActionSet> {
    /// All actions that the patterns matching `topic` allow.
    func actions(matching topic: String) -> ActionSet {
        var all: ActionSet = []
        forEachMatch(of: topic) { all.formUnion($0) }
        return all
    }

    /// The actions of the patterns that match every topic which `segments` match. None of the segments is `**`.
    func actions(covering segments: [TopicPattern.Segment]) -> ActionSet {
        var all: ActionSet = []
        forEachCover(of: segments) { all.formUnion($0) }
        return all
    }
}
