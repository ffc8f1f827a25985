import Logging
import NIOConcurrencyHelpers
import RembusSupport
import RembusWire

/// The state that the journal and its threads share.
struct JournalShared: Sendable {
    /// What event loops tell the writer.
    struct Signal: Sendable {
        /// There are new records.
        var hasWork = false
        /// A commit waits, or there are many unwritten bytes.
        var isUrgent = false
        /// Some segments may no longer be needed.
        var isRetentionDue = false
        var isStopping = false
    }

    /// What the writer tells the journal.
    struct Progress: Sendable {
        var writtenBytes: UInt64 = 0
        var syncs: UInt64 = 0
        var failures: UInt64 = 0
        var failure: String?
        var damagedBytes: UInt64 = 0
        var removedSegments: UInt64 = 0
        var removedBytes: UInt64 = 0
    }

    let options: JournalOptions
    let logger: Logger
    let partitions: [JournalPartition]
    /// Locked while the journal is open.
    let lockFile: any StorageFile
    let names: NameRegistry
    let signal = Monitor(Signal())
    let progress: NIOLockedValueBox<Progress>
    /// Counts the passes that wrote something; readers of the log wait for the next one.
    let generation = Monitor<UInt64>(0)
    /// Called after every pass that wrote something.
    let onWritten = Callback<Void>()
    let archive = NIOLockedValueBox<(any Archive)?>(nil)
    /// The messages about unreadable segments that were logged, so that each is logged once.
    let losses = NIOLockedValueBox<Set<String>>([])
    /// How old a segment may become; nil for any age.
    let retainedAge: NIOLockedValueBox<Duration?>

    @inline(__always)
    func wake(_ wake: JournalPartition.Wake) {
        switch wake {
        case .no: break
        case .soon: signal.change { $0.hasWork = true }
        case .now:
            signal.change { signal in
                signal.hasWork = true
                signal.isUrgent = true
            }
        }
    }

    /// Bytes on the disk over all partitions, approximately.
    var byteCount: UInt64 {
        partitions.reduce(0) { sum, partition in
            partition.withState { $0.segments.reduce(sum) { $0 + $1.byteCount } }
        }
    }

    /// Throws when the folder was replaced since the start: records written now would not be found at its path later.
    func requireFolder() throws(StorageError) {
        guard !lockFile.isInPlace else { return }
        throw StorageError(
            "\(options.directory) was deleted, moved or replaced while the broker used it. Put it back where it was, or stop the broker and start it again"
        )
    }

    /// Throws when the journal may not grow because the archive is too far behind.
    func requireRoom() throws(StorageError) {
        guard options.awaitsArchive, let maximum = options.maximumBytes,
            byteCount + UInt64(options.segmentBytes) > maximum
        else { return }
        throw StorageError(
            "\(options.directory) has reached its limit of \(maximum) bytes, because the archive has not taken them yet"
        )
    }
}
