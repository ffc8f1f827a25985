import RembusTables

/// How the lake is kept tidy: few files, few snapshots, nothing that has become superfluous (known-defects.md R26).
package struct MaintenanceSettings: Sendable, Hashable {
    /// False leaves everything to others, for example to a job of its own.
    package var isEnabled = true
    /// Time from the end of one round to the beginning of the next.
    package var interval = Duration.seconds(60)
    /// Rows inside the catalog are moved into files when a table has so many of them …
    package var flushRows = 5000
    /// … or this many bytes …
    package var flushBytes = 8 << 20
    /// … or when this many rounds have passed since the last time.
    package var flushRounds = 10
    /// Files of one size class are merged into larger ones. The classes end at these sizes, in bytes; larger files
    /// stay.
    package var mergeSizes = [1 << 20, 8 << 20, 64 << 20]
    /// How many files of one class must lie there before they are merged.
    package var mergeFiles = 8
    /// A data file is written anew when at least this share of its rows is deleted.
    package var rewriteThreshold = 0.5
    /// How long time travel reaches back; nil to keep all snapshots.
    package var snapshotRetention: Duration? = .seconds(7 * 86400)
    /// How long a file stays after no snapshot has it any more, for readers that are still at it.
    package var fileGrace = Duration.seconds(3600)

    /// How often files are looked for that no snapshot knows.
    package var orphanInterval = Duration.seconds(3600)

    /// Retention is enforced, and what this broker needs no more is deleted, as often as so many rounds would be, and more
    /// often when publications are kept for a short time. It has a clock of its own: also where nothing is published.
    package var retentionRounds = 10
    /// How long rejected publications are kept for inspection; nil for ever.
    package var rejectedRetention: Duration? = .seconds(30 * 86400)

    package init() {}

    /// A quarter of the shortest age, so that nothing stays much longer than it may.
    func retentionInterval(of policy: RecordPolicy) -> Duration {
        let usual = interval * max(1, retentionRounds)
        guard let age = policy.patterns.compactMap(\.retention.maxAge).min() else { return usual }
        return min(usual, max(.seconds(1), .nanoseconds(Int64(clamping: age / 4))))
    }
}
