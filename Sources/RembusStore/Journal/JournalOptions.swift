/// When the journal has the disk confirm what was written.
package enum SyncPolicy: Sendable, Hashable {
    /// Before a commit is reported: acknowledged publications survive a power failure. One sync serves all that wait.
    case always
    /// At least this often while there is something new. A commit is reported after the write: acknowledged publications
    /// survive the end of the process, and of the machine but for the last interval.
    case interval(Duration)
    /// Whenever the operating system likes. A commit is reported after the write: acknowledged publications survive the
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
    /// How long a publication that nobody waits for may stay unwritten.
    package var writeDelay = Duration.milliseconds(5)
    /// Bytes on disk, over all partitions, that stay for replay. Beyond it the oldest segments go; with
    /// ``awaitsArchive`` only those that are archived.
    package var retainedBytes: UInt64 = 256 << 20
    /// Segments whose newest publication is older go too, under the same condition. Nil: age does not matter.
    package var retainedAge: Duration?
    /// True when an archive takes everything: a segment stays until ``JournalStore/archived(partition:through:)`` covers it.
    package var awaitsArchive = false
    /// With ``awaitsArchive``: bytes on disk at which the journal takes no more until the archive has caught up. It is then
    /// as with a full disk: nothing is acknowledged, nothing that was is lost. Nil: the disk is the limit.
    package var maximumBytes: UInt64?
    /// What the archive may be behind before that is logged as a warning, in bytes.
    package var lagWarningBytes: UInt64 = 1 << 30
    /// Told how long each sync that commits waited for took, in nanoseconds; on the writing thread.
    package var onSync: @Sendable (UInt64) -> Void = { _ in }
    /// How long a recovery goes on before it says how far it has come, and how often it says that.
    package var recoveryReportInterval = Duration.seconds(3)
    /// The disk, or what a test puts in its place.
    package var fileSystem: any StorageFileSystem = Disk()

    package init(directory: String, partitions: Int) {
        self.directory = directory
        self.partitions = partitions
    }
}
