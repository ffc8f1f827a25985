import NIOConcurrencyHelpers

/// One partition of a journal: what event loops, writer and readers share.
///
/// `state` is used under `lock` only, hence unchecked.
final class JournalPartition: @unchecked Sendable {
    let number: Int
    let directory: String
    private let lock = NIOLock()
    @exclusivity(unchecked) private var state: State

    init(number: Int, directory: String, segments: [Segment], memoryLimit: Int, holdsUntilSynced: Bool) {
        self.number = number
        self.directory = directory
        state = State(segments: segments, memoryLimit: memoryLimit, holdsUntilSynced: holdsUntilSynced)
    }

    @inline(__always)
    func withState<Result>(_ body: (inout State) -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return body(&state)
    }

    func path(of segment: Segment) -> String { "\(directory)/\(segment.fileName)" }
}

extension JournalPartition {
    struct Waiter: Sendable {
        let target: UInt64
        let done: @Sendable () -> Void
    }

    /// A segment that was deleted while this process runs. Cursors may still point into it.
    struct Departed: Sendable {
        let start: UInt64
        let firstReceivedAt: UInt64
    }

    struct Counters {
        var appendedRecords: UInt64 = 0
        var appendedBytes: UInt64 = 0
        var shedByPressure: UInt64 = 0
        var shedByFailure: UInt64 = 0
    }

    /// Offsets are log offsets: a position without ``StorePosition/logBase``.
    struct State: ~Copyable {
        var log: MemoryLog
        /// Oldest first; the last one may still be in writing.
        var segments: [Segment]
        var departed: [Departed] = []
        /// The end of the newest record that is to be on disk, and its receive time.
        var recordedEnd: UInt64
        var recordedTime: UInt64
        /// Everything before this offset is in a file, or is not to be recorded.
        var writtenEnd: UInt64
        /// The disk has confirmed everything before this offset that is to be recorded.
        var syncedEnd: UInt64
        var lastReceivedAt: UInt64
        /// Ascending targets.
        var waiters: [Waiter] = []
        /// Whether the writer has been told that there are new records, or that a commit is urgent.
        var isAnnounced = false
        var isUrgent = false
        /// True while writing fails.
        var isFailing = false
        var isClosed = false
        /// How far the archive has come, as a receive time and as an offset; and the end of the page that it read last.
        var archivedTime: UInt64 = 0
        var archivedOffset: UInt64
        var sourceCursor: (time: UInt64, offset: UInt64)?
        var counters = Counters()
        let memoryLimit: Int
        let holdsUntilSynced: Bool

        init(segments: [Segment], memoryLimit: Int, holdsUntilSynced: Bool) {
            let end = segments.last?.end ?? 0
            log = MemoryLog(limit: memoryLimit, start: end)
            self.segments = segments
            self.memoryLimit = memoryLimit
            self.holdsUntilSynced = holdsUntilSynced
            recordedEnd = end
            recordedTime = segments.last?.lastReceivedAt ?? 0
            writtenEnd = end
            syncedEnd = end
            lastReceivedAt = segments.last?.lastReceivedAt ?? 0
            archivedOffset = segments.first?.start ?? end
        }

        /// Everything before this offset is as durable as the sync policy demands; memory before it may be reused.
        var durableEnd: UInt64 { holdsUntilSynced ? syncedEnd : writtenEnd }

        /// The receive time from which on the log has everything; nil for an empty log.
        var firstReceivedAt: UInt64? { segments.first?.firstReceivedAt ?? log.firstReceivedAt }

        /// The offset of the oldest record in the log.
        var startOffset: UInt64 { min(segments.first?.start ?? .max, log.startOffset) }
    }
}
