/// When the journal makes the disk confirm what was written.
package enum SyncPolicy: Sendable, Hashable {
    /// Before a commit is reported: acknowledged publications survive a power failure. One sync serves all waiting
    /// commits.
    case always
    /// At least this often while there are new records. A commit is reported after the write: acknowledged publications
    /// survive the end of the process. If the machine fails, those of the last interval may be lost.
    case interval(Duration)
    /// When the operating system decides. A commit is reported after the write: acknowledged publications survive the
    /// end of the process.
    case none
}

/// Where and how a journal keeps publications.
package struct JournalOptions: Sendable {
    /// The journal's folder; created when missing. It belongs to one broker at a time.
    package var directory: String
    /// Event loops that append, 1 to 64.
    package var partitions: Int
    /// Bytes of memory for the newest publications, over all partitions (64 KiB each at least). Also how far the
    /// disk may fall behind before publications are shed.
    package var memoryBytes = 64 << 20
    /// Bytes of a segment file, 64 KiB at least; it is reserved when the segment begins. A larger publication gets a
    /// segment of its own.
    package var segmentBytes = 64 << 20
    package var sync = SyncPolicy.always
    /// How long a publication may stay unwritten when no commit waits for it.
    package var writeDelay = Duration.milliseconds(5)
    /// Bytes on disk, over all partitions, that stay for replay. The oldest segments beyond this amount are deleted;
    /// with ``awaitsArchive`` only those that are archived.
    package var retainedBytes: UInt64 = 256 << 20
    /// Segments whose newest publication is older are deleted too, under the same condition. Nil: age does not matter.
    package var retainedAge: Duration?
    /// True when an archive takes everything: a segment stays until ``JournalStore/archived(partition:through:)`` covers it.
    package var awaitsArchive = false
    /// With ``awaitsArchive``: bytes on disk at which the journal accepts no more until the archive has caught up. The
    /// effect is that of a full disk: new publications are not acknowledged, and acknowledged ones are not lost. Nil:
    /// only the disk limits the journal.
    package var maximumBytes: UInt64?
    /// How many bytes the archive may be behind before a warning is logged.
    package var lagWarningBytes: UInt64 = 1 << 30
    /// Receives the time that each sync took which commits waited for, in nanoseconds; called on the writing thread.
    package var onSync: @Sendable (UInt64) -> Void = { _ in }
    /// How long a recovery runs before its progress is logged, and the interval between such lines.
    package var recoveryReportInterval = Duration.seconds(3)
    /// The disk, or a replacement in tests.
    package var fileSystem: any StorageFileSystem = Disk()

    package init(directory: String, partitions: Int) {
        self.directory = directory
        self.partitions = partitions
    }
}
