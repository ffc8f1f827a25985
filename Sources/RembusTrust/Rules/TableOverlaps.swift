import RembusWire
import Synchronization

/// A cache of the private topics that can fill each table. Finding them takes a search through all private topics, and
/// tables are few.
final class TableOverlaps: Sendable {
    struct Question: Hashable {
        var name: ExactText
        var action: TrustAction
        var pattern: ExactText
    }

    private struct Known {
        /// By table; nil where the search would take too long.
        var rows: [ExactText: [[TopicPattern.Segment]]?] = [:]
        var answers: [Question: Bool] = [:]
    }

    /// The most branches that are followed for one table.
    static let maximumSteps = 200_000
    private static let maximumAnswers = 4096

    private let known = Mutex(Known())

    /// The segments of the private topics that can fill a table. `find` is called the first time.
    func rows(_ pattern: ExactText, _ find: () -> [[TopicPattern.Segment]]?) -> [[TopicPattern.Segment]]? {
        if let rows = known.withLock({ $0.rows[pattern] }) { return rows }
        let rows = find()
        known.withLock { $0.rows[pattern] = .some(rows) }
        return rows
    }

    func answer(_ question: Question) -> Bool? {
        known.withLock { $0.answers[question] }
    }

    func set(_ answer: Bool, for question: Question) {
        known.withLock { known in
            if known.answers.count >= Self.maximumAnswers { known.answers.removeAll() }
            known.answers[question] = answer
        }
    }
}
