import RembusWire

/// The topics of load tests: nothing of them is recorded and no table takes them, unless somebody asks for it by name.
///
/// What a wildcard stands for never contains `@` (behaviour.md §6), so no subscription, `--record` pattern or private
/// pattern meets them by accident either.
package enum BenchTopics {
    /// The first segment of all these topics.
    package static let segment = "@bench"

    /// Whether a topic belongs to a load test.
    package static func contains(_ topic: String) -> Bool {
        topic.utf8.starts(with: (segment + "/").utf8)
    }
}
