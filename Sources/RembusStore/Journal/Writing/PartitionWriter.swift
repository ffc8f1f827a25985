import Logging
import RembusSupport

/// Moves one partition's records from memory to its segments. Used by the writer thread only.
final class PartitionWriter {
    /// How far writing has come.
    struct Cursor {
        /// Everything before is in a file, or is unrecorded and lies behind `skipStart`.
        var end: UInt64
        /// The start of unrecorded publications that the file does not account for yet.
        var skipStart: UInt64?
        var skipReceivedAt: UInt64 = 0
    }

    /// A longer unrecorded stretch ends the segment; a shorter one leaves a hole in it.
    static let longestHole: UInt64 = 1 << 20

    let partition: JournalPartition
    private let shared: JournalShared
    private let staging: WriteStaging
    private var segment: SegmentWriter?
    private var cursor: Cursor
    /// Where the last sync happened.
    private var synced: Cursor
    /// When the oldest unconfirmed byte was written.
    private var dirtySince: UInt64?
    /// Whether a sync has begun and not succeeded. The bytes that it was to confirm may be lost from the system's
    /// cache.
    private var isSyncing = false
    private(set) var syncs: UInt64 = 0
    private var completedBytes: UInt64 = 0
    /// Whether a segment was completed since the journal last cleared this flag.
    var hasRotated = false

    init(_ partition: JournalPartition, shared: JournalShared, staging: WriteStaging) {
        self.partition = partition
        self.shared = shared
        self.staging = staging
        cursor = Cursor(end: partition.withState { $0.writtenEnd })
        synced = cursor
    }

    private var options: JournalOptions { shared.options }

    var writtenBytes: UInt64 { completedBytes + (segment?.writtenBytes ?? 0) }

    /// Writes everything that is in memory only. True when there was something.
    func write() throws(StorageError) -> Bool {
        if let segment, segment.isDeleted { try replace(segment) }
        let from = cursor.end
        let runs = partition.withState { state in
            state.isAnnounced = false
            state.isUrgent = false
            return state.log.runs(from: from, to: state.log.endOffset)
        }
        do throws(StorageError) {
            for run in runs { try write(run) }
        } catch {
            staging.discard()
            fallBack()
            throw error
        }
        return !runs.isEmpty
    }

    private func write(_ run: MemoryRun) throws(StorageError) {
        let bytes = run.bytes
        guard let base = bytes.baseAddress else { return }
        var next = cursor
        var offset = run.start
        // The start of the recorded stretch that is not handed on yet.
        var pending = run.start
        func hand(upTo end: UInt64) throws(StorageError) {
            let stretch = bytes[Int(pending - run.start)..<Int(end - run.start)]
            try segment?.put(UnsafeRawBufferPointer(rebasing: stretch), at: pending)
            pending = end
        }
        while offset < run.end {
            let record = base + Int(offset - run.start)
            let (header, count) = RecordFormat.header(at: record)
            let end = offset + UInt64(RecordFormat.length(of: count))
            if header.isRecorded {
                if let start = next.skipStart {
                    if let segment, offset - start <= Self.longestHole, segment.hasRoom(until: end, from: start) {
                        try segment.skip(from: start, to: offset, receivedAt: next.skipReceivedAt)
                    } else {
                        try complete(at: start, resumingAt: offset)
                    }
                    next.skipStart = nil
                    pending = offset
                }
                if segment?.hasRoom(until: end, from: offset) != true {
                    try hand(upTo: offset)
                    try complete(at: offset, resumingAt: offset)
                    try begin(at: offset, header)
                }
                RecordChecksum.fill(record, count: count, offset: offset)
                segment?.note(header, at: offset)
            } else {
                if next.skipStart == nil {
                    try hand(upTo: offset)
                    next.skipStart = offset
                }
                next.skipReceivedAt = header.receivedAt
                pending = end
            }
            offset = end
        }
        if next.skipStart == nil { try hand(upTo: offset) }
        try segment?.flush(to: next.skipStart ?? offset)
        next.end = offset
        publish(next)
    }

    /// Continues in a new segment because the current one's file was deleted. The new segment gets those of its records
    /// that are still in memory.
    private func replace(_ lost: SegmentWriter) throws(StorageError) {
        try options.fileSystem.createDirectory(partition.directory)
        shared.logger.error(
            "\(partition.directory)/\(lost.segment.fileName) was deleted while the broker wrote to it; what of it is neither in memory nor in the lake is lost"
        )
        segment = nil
        dirtySince = nil
        isSyncing = false
        partition.withState { state in
            if state.segments.last?.start == lost.segment.start { state.segments.removeLast() }
            cursor = Cursor(end: min(max(state.log.startOffset, lost.segment.start), cursor.end))
            (state.writtenEnd, state.syncedEnd) = (cursor.end, cursor.end)
        }
        synced = cursor
    }

    private func publish(_ next: Cursor) {
        cursor = next
        if segment?.isDirty == true, dirtySince == nil { dirtySince = MonotonicClock.nanoseconds() }
        partition.withState { state in
            state.writtenEnd = next.end
            guard let known = segment?.segment else { return }
            if let last = state.segments.last, last.start == known.start {
                state.segments[state.segments.count - 1] = known
            } else {
                state.segments.append(known)
            }
        }
    }

    /// Closes the segment, if there is one, behind the record that ends at `end`. Nothing up to `offset` has to be written.
    private func complete(at end: UInt64, resumingAt offset: UInt64) throws(StorageError) {
        guard let segment else { return }
        try segment.flush(to: end)
        isSyncing = options.sync != .none
        try segment.finish(syncing: isSyncing)
        if isSyncing { syncs += 1 }
        isSyncing = false
        completedBytes += segment.writtenBytes
        hasRotated = true
        partition.withState { $0.segments[$0.segments.count - 1] = segment.segment }
        self.segment = nil
        confirm(Cursor(end: offset))
    }

    private func begin(at offset: UInt64, _ header: RecordHeader) throws(StorageError) {
        try shared.requireRoom()
        segment = try SegmentWriter(
            directory: partition.directory, partition: partition.number, start: offset,
            firstReceivedAt: header.receivedAt, capacity: UInt64(options.segmentBytes), staging: staging,
            fileSystem: options.fileSystem)
        // Everything before `offset` is confirmed or unrecorded.
        confirm(Cursor(end: offset))
        publish(Cursor(end: offset))
    }

    private func confirm(_ confirmed: Cursor) {
        synced = confirmed
        if confirmed.end >= cursor.end { cursor = confirmed }
        dirtySince = nil
        partition.withState { state in
            state.syncedEnd = confirmed.end
            state.writtenEnd = max(state.writtenEnd, confirmed.end)
        }
    }
}

extension PartitionWriter {
    /// How long written bytes stay unconfirmed when no commit waits for them.
    private static let idleSyncDelay: UInt64 = 200_000_000

    /// When a sync is due; nil when there is nothing to confirm.
    var syncDeadline: UInt64? {
        guard let dirtySince, segment?.isDirty == true, cursor.end > synced.end else { return nil }
        return switch options.sync {
        case .none: nil
        case .interval(let interval): dirtySince + interval.nanoseconds
        case .always: dirtySince + Self.idleSyncDelay
        }
    }

    /// Syncs the written bytes when it is time. True when it did.
    func syncIfDue() throws(StorageError) -> Bool {
        guard cursor.end > synced.end else { return false }
        guard let segment, segment.isDirty else {
            confirm(cursor)
            return false
        }
        guard let deadline = syncDeadline else { return false }
        let (waits, held, limit) = partition.withState { state in
            (!state.waiters.isEmpty, state.log.endOffset - state.durableEnd, UInt64(state.memoryLimit))
        }
        let isNow = options.sync == .always && (waits || held > limit / 4)
        guard isNow || MonotonicClock.nanoseconds() >= deadline else { return false }
        isSyncing = true
        do throws(StorageError) {
            try segment.sync()
        } catch {
            fallBack()
            throw error
        }
        isSyncing = false
        syncs += 1
        confirm(cursor)
        return true
    }

    /// Writes and syncs what is left and completes the segment, at the end.
    func close() throws(StorageError) {
        _ = try write()
        guard let segment else { return }
        try segment.finish(syncing: true)
        syncs += 1
        completedBytes += segment.writtenBytes
        partition.withState { $0.segments[$0.segments.count - 1] = segment.segment }
        self.segment = nil
        confirm(cursor)
    }

    /// After a failed sync: the bytes that it was to confirm are written again from memory, because the system may have
    /// dropped them.
    private func fallBack() {
        guard isSyncing else { return }
        isSyncing = false
        partition.withState { state in
            if synced.end >= state.log.startOffset {
                cursor = synced
            } else {
                // Memory may not reach back that far: only `.always` keeps records until they are confirmed.
                let start = min(state.log.startOffset, cursor.end)
                if let skip = cursor.skipStart, skip >= start { cursor.skipStart = nil }
                cursor.end = start
            }
            state.writtenEnd = cursor.end
        }
    }
}
