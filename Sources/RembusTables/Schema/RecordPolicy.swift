import RembusWire

/// Which publications are kept, and how long: the values of `--record`, of which the first that matches counts.
///
/// Topics of load tests are kept only when a pattern names them, see ``BenchTopics``.
///
/// Asking costs about a microsecond per pattern: who has to know for every message keeps the answer per topic.
package struct RecordPolicy: Sendable {
    /// The patterns as given; empty: everything is kept.
    package let patterns: [RecordPattern]

    /// Makes a policy. Without patterns everything is kept, without limits.
    package init(_ patterns: [RecordPattern] = []) {
        self.patterns = patterns
    }

    /// Whether publications to a topic are kept.
    package func isRecorded(_ topic: String) -> Bool { retention(of: topic) != nil }

    /// How long publications to a topic are kept; nil when they are not.
    package func retention(of topic: String) -> Retention? {
        guard !patterns.isEmpty else { return BenchTopics.contains(topic) ? nil : Retention() }
        return pattern(for: topic).map { patterns[$0].retention }
    }

    /// The position of the pattern that decides about a topic; nil when its publications are not kept.
    package func pattern(for topic: String) -> Int? {
        for (index, pattern) in patterns.enumerated() {
            switch pattern.topics {
            case .all where BenchTopics.contains(topic): continue
            case .all: return index
            case .none: return nil
            case .pattern(let pattern) where pattern.matches(topic): return index
            case .pattern: continue
            }
        }
        return nil
    }

    /// The longest age, when every pattern has one: nothing is kept longer.
    package var longestAge: UInt64? {
        let kept = patterns.filter { $0.topics != .none }
        let ages = kept.compactMap(\.retention.maxAge)
        return ages.count == kept.count ? ages.max() : nil
    }

    /// Whether no publication is kept.
    package var recordsNothing: Bool {
        switch patterns.first?.topics {
        case .some(.none): true
        default: false
        }
    }
}
