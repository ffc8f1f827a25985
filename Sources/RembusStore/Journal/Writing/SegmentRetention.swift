import Logging
import NIOConcurrencyHelpers
import RembusSupport

/// Deletes segments that are no longer needed. Used by the writer thread only.
struct SegmentRetention {
    private static let ageCheckDelay: UInt64 = 10_000_000_000

    private let shared: JournalShared
    private var checkedAt: UInt64 = 0
    /// How much the writers will have written when what is on the disk may be too much; see ``apply(isDue:written:)``.
    private var checksAtWritten: UInt64 = 0
    private var hasWarned = false

    init(_ shared: JournalShared) {
        self.shared = shared
    }

    /// When to look again although nothing happened; nil when age does not matter.
    var deadline: UInt64? { shared.retainedAge.withLockedValue({ $0 }) == nil ? nil : checkedAt + Self.ageCheckDelay }

    /// Deletes what may go, if a segment was completed or archived, if the segments' age is to be looked at again, or if
    /// the newest segments have grown past what is retained since the last look.
    ///
    /// - Parameter written: How many bytes the writers have written since they began.
    mutating func apply(isDue: Bool, written: UInt64) {
        let now = MonotonicClock.nanoseconds()
        guard isDue || written >= checksAtWritten || deadline.map({ now >= $0 }) == true else { return }
        checkedAt = now
        while let partition = nextToShrink() {
            guard removeOldest(of: partition) else { break }
        }
        let (total, limit) = (shared.byteCount, shared.options.retainedBytes)
        // Segments above the limit that may not be deleted yet are not checked again at every write.
        checksAtWritten = written + (total < limit ? limit - total + 1 : UInt64(shared.options.segmentBytes) / 8)
        warnOfLag()
    }

    /// The partition with the oldest segment among those that may go.
    private func nextToShrink() -> JournalPartition? {
        let options = shared.options
        let total = shared.byteCount
        let eldest =
            shared.retainedAge.withLockedValue({ $0 }).map {
                WallClock.nanoseconds() - min($0.nanoseconds, WallClock.nanoseconds())
            } ?? 0
        var oldest: (partition: JournalPartition, time: UInt64)?
        for partition in shared.partitions {
            let time = partition.withState { state -> UInt64? in
                // The newest segment stays: it is in writing, or its end marks the end of the log.
                guard state.segments.count > 1, let first = state.segments.first else { return nil }
                if options.awaitsArchive, first.lastReceivedAt > state.archivedTime { return nil }
                guard first.end <= state.durableEnd else { return nil }
                return total > options.retainedBytes || first.lastReceivedAt < eldest ? first.firstReceivedAt : nil
            }
            if let time, time < oldest?.time ?? .max { oldest = (partition, time) }
        }
        return oldest?.partition
    }

    private func removeOldest(of partition: JournalPartition) -> Bool {
        let segment = partition.withState { state -> Segment? in
            guard state.segments.count > 1 else { return nil }
            let segment = state.segments.removeFirst()
            state.departed.append(
                JournalPartition.Departed(start: segment.start, firstReceivedAt: segment.firstReceivedAt))
            // A cursor that is further behind than this many segments starts again from the oldest record.
            if state.departed.count > 1 << 16 { state.departed.removeFirst(1 << 15) }
            return segment
        }
        guard let segment else { return false }
        do throws(StorageError) {
            try shared.options.fileSystem.remove(partition.path(of: segment))
            shared.progress.withLockedValue { progress in
                progress.removedSegments += 1
                progress.removedBytes += segment.byteCount
            }
        } catch {
            shared.logger.warning("an old segment of the journal stays: \(error)")
        }
        return true
    }

    private mutating func warnOfLag() {
        guard shared.options.awaitsArchive else { return }
        let lag = shared.partitions.reduce(0) { sum, partition in sum + partition.withState { $0.unarchivedBytes } }
        if lag >= shared.options.lagWarningBytes, !hasWarned {
            hasWarned = true
            shared.logger.warning(
                "the archive is \(lag >> 20) MiB behind the journal, which grows on the disk until it has caught up")
        } else if lag < shared.options.lagWarningBytes / 2 {
            hasWarned = false
        }
    }
}
