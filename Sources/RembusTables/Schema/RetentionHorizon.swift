import RembusWire
import Synchronization

/// Which publications are kept by the patterns of `--record`, and how far back. The patterns may be replaced while the
/// broker runs. Older publications are gone for all readers, even where their bytes still lie in memory or in the
/// journal.
///
/// An age moves on with the clock; a size moves on when the lake has deleted publications.
package final class RetentionHorizon: Sendable {
    private struct State {
        var policy: RecordPolicy
        /// Every pattern that there has been, so that what a reader has noted of one stays good.
        var known: [RecordPattern]
        /// The receive time from which on a limit of size has left something.
        var limits: [UInt64]
        /// For each pattern of `policy`, its place in `known`.
        var places: [Int]
    }

    private let state: Mutex<State>
    /// Increases when the patterns are replaced.
    private let replacements = Atomic<Int>(0)
    private let hasLimits: Atomic<Bool>

    package init(_ policy: RecordPolicy) {
        let patterns = policy.patterns
        state = Mutex(
            State(
                policy: policy, known: patterns, limits: Array(repeating: 0, count: patterns.count),
                places: Array(patterns.indices)))
        hasLimits = Atomic(Self.isLimited(policy))
    }

    private static func isLimited(_ policy: RecordPolicy) -> Bool {
        policy.patterns.contains { $0.retention != Retention() }
    }

    /// The patterns as they are now.
    package var policy: RecordPolicy { state.withLock { $0.policy } }

    /// Rises with each ``replace(_:)``: what was noted by the patterns before it is to be asked again.
    package var version: Int { replacements.load(ordering: .acquiring) }

    /// False when all recorded publications stay.
    package var isLimited: Bool { hasLimits.load(ordering: .relaxed) }

    /// Replaces the patterns. What a pattern with the same text has left stays as it was.
    package func replace(_ policy: RecordPolicy) {
        state.withLock { state in
            state.places = policy.patterns.map { pattern in
                if let place = state.known.firstIndex(of: pattern) { return place }
                // A limit that was only changed continues from its horizon.
                let before = state.known.lastIndex { $0.topics == pattern.topics }.map { state.limits[$0] }
                state.known.append(pattern)
                state.limits.append(pattern.retention.maxBytes == nil ? 0 : before ?? 0)
                return state.known.count - 1
            }
            state.policy = policy
            hasLimits.store(Self.isLimited(policy), ordering: .relaxed)
        }
        replacements.wrappingAdd(1, ordering: .releasing)
    }

    /// The pattern that decides about a topic; nil when nothing bounds its publications.
    package func pattern(for topic: String) -> Int? {
        state.withLock { state in
            guard let pattern = state.policy.pattern(for: topic),
                state.policy.patterns[pattern].retention != Retention()
            else { return nil }
            return state.places[pattern]
        }
    }

    /// The receive time before which publications of a pattern are gone.
    /// - Parameter now: Nanoseconds since the epoch.
    package func oldest(_ pattern: Int, now: UInt64) -> UInt64 {
        state.withLock { state in
            let limit = state.limits[pattern]
            guard let age = state.known[pattern].retention.maxAge, age < now else { return limit }
            return max(limit, now - age)
        }
    }

    /// Says that a limit of size has deleted what was received before a time.
    package func raise(_ pattern: Int, to time: UInt64) {
        state.withLock { $0.limits[pattern] = max($0.limits[pattern], time) }
    }

    /// Says that a limit of size has deleted what was received before a time, of a pattern by its text, as it is after a
    /// restart; one that has no size any more has all that is left.
    package func raise(_ text: String, to time: UInt64) {
        state.withLock { state in
            for (index, pattern) in state.policy.patterns.enumerated()
            where pattern.topics.description == text && pattern.retention.maxBytes != nil {
                let place = state.places[index]
                state.limits[place] = max(state.limits[place], time)
            }
        }
    }
}

extension RecordPattern.Topics: CustomStringConvertible {
    /// The pattern as given with `--record`.
    package var description: String {
        switch self {
        case .all: "all"
        case .none: "none"
        case .pattern(let pattern): pattern.description
        }
    }
}
