import RembusTables

/// The settings of maintenance, which keeps the number of files and snapshots low and deletes what is not needed
/// (known-defects.md R26).
package struct MaintenanceSettings: Sendable, Hashable {
    /// Whether there is maintenance. When false, another program has to do it.
    package var isEnabled = true
    /// The time from the end of one round to the beginning of the next.
    package var interval = Duration.seconds(60)
    /// Rows inside the catalog are moved to files when a table has so many of them …
    package var flushRows = 5000
    /// … or so many bytes of them …
    package var flushBytes = 8 << 20
    /// … or when so many rounds have passed since the last time.
    package var flushRounds = 10
    /// Files of one size class are merged into larger ones. The classes end at these sizes, in bytes; larger files are
    /// not merged.
    package var mergeSizes = [1 << 20, 8 << 20, 64 << 20]
    /// How many files a class must have before they are merged.
    package var mergeFiles = 8
    /// A data file is rewritten when at least this part of its rows is deleted.
    package var rewriteThreshold = 0.5
    /// How far back time travel reaches; nil to keep all snapshots.
    package var snapshotRetention: Duration? = .seconds(7 * 86400)
    /// How long a file is kept after the last snapshot that has it was deleted, for queries that still read it.
    package var fileGrace = Duration.seconds(3600)

    /// How often files are looked for that no snapshot has.
    package var orphanInterval = Duration.seconds(3600)

    /// How often retention is enforced, in rounds. It is more frequent when publications are kept for a short time. It
    /// has an interval of its own, so that it also happens where nothing is published.
    package var retentionRounds = 10
    /// How long rejected publications are kept; nil for ever.
    package var rejectedRetention: Duration? = .seconds(30 * 86400)

    package init() {}

    /// A quarter of the shortest age, so that nothing is kept much longer than it should be.
    func retentionInterval(of policy: RecordPolicy) -> Duration {
        let usual = interval * max(1, retentionRounds)
        guard let age = policy.patterns.compactMap(\.retention.maxAge).min() else { return usual }
        return min(usual, max(.seconds(1), .nanoseconds(Int64(clamping: age / 4))))
    }
}
