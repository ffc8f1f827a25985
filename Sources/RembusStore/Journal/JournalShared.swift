import Logging
import NIOConcurrencyHelpers
import RembusSupport
import RembusWire

/// What the journal and its threads have in common.
struct JournalShared: Sendable {
    /// What the writer is told.
    struct Signal: Sendable {
        /// There is something new.
        var hasWork = false
        /// Somebody waits, or there is much.
        var isUrgent = false
        /// Segments may have become superfluous.
        var isRetentionDue = false
        var isStopping = false
    }

    /// What the writer tells.
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
    /// Counts the passes that wrote something; who reads the log waits for the next.
    let generation = Monitor<UInt64>(0)
    /// Told of every pass that wrote something.
    let onWritten = Callback<Void>()
    let archive = NIOLockedValueBox<(any Archive)?>(nil)
    /// What was said of segments that cannot be read, so that it is said once.
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

    /// Bytes on the disk, over all partitions, about.
    var byteCount: UInt64 {
        partitions.reduce(0) { sum, partition in
            partition.withState { $0.segments.reduce(sum) { $0 + $1.byteCount } }
        }
    }

    /// Throws when the folder is another one than at the start: whoever looks for the journal later would not find what is
    /// written now.
    func requireFolder() throws(StorageError) {
        guard !lockFile.isInPlace else { return }
        throw StorageError(
            "\(options.directory) was deleted, moved or replaced while the broker used it. Put it back where it was, or stop the broker and start it again"
        )
    }

    /// Throws when the journal may not grow, because the archive lags behind too far.
    func requireRoom() throws(StorageError) {
        guard options.awaitsArchive, let maximum = options.maximumBytes,
            byteCount + UInt64(options.segmentBytes) > maximum
        else { return }
        throw StorageError(
            "\(options.directory) has reached its limit of \(maximum) bytes, because the archive has not taken them yet"
        )
    }
}
