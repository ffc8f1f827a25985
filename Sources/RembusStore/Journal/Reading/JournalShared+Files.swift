import Logging
import NIOConcurrencyHelpers
import NIOCore

/// Reading segment files, on any thread that may block.
extension JournalShared {
    struct FilePage {
        var bytes: ByteBuffer
        /// A log offset.
        var next: UInt64
        var lostBytes: UInt64
        var skippedBytes: UInt64

        var page: StorePage {
            StorePage(
                bytes: bytes, next: StorePosition.logBase + next, lostBytes: lostBytes, skippedBytes: skippedBytes)
        }
    }

    /// The records of a segment from `offset` on.
    /// - Parameters:
    ///   - following: Where the log goes on behind the segment.
    ///   - after: Only records received later.
    func page(
        of segment: Segment, _ partition: JournalPartition, from offset: UInt64, following: UInt64, limit: Int,
        after time: UInt64 = 0
    ) throws(StorageError) -> FilePage {
        guard let file = try open(segment, partition) else {
            guard partition.withState({ $0.segments.contains { $0.start == segment.start } }) else {
                // The segment was deleted since its place was looked up; the next look-up takes that into account.
                return FilePage(bytes: ByteBuffer(), next: offset, lostBytes: 0, skippedBytes: 0)
            }
            noteLoss(of: segment.end - offset, partition.path(of: segment), "is missing")
            return FilePage(
                bytes: ByteBuffer(), next: following, lostBytes: segment.end - offset, skippedBytes: 0)
        }
        defer { file.close() }
        let reader = SegmentReader(file, start: segment.start)
        // A position inside a stretch of unrecorded publications is not the beginning of a record on the disk.
        let isRecord = try reader.isRecord(at: offset, end: segment.end)
        var builder = PageBuilder(limit: limit)
        let outcome = try reader.read(from: isRecord ? offset : segment.mark(before: offset), to: segment.end) {
            at, header, record in
            at < offset || header.receivedAt <= time || builder.add(record)
        }
        if outcome.damagedBytes + outcome.tornBytes > 0 {
            noteLoss(of: outcome.damagedBytes + outcome.tornBytes, partition.path(of: segment), "is damaged")
        }
        // Even when no sound record is left in the segment, reading goes on behind it.
        let isDone = outcome.next >= segment.end || outcome.tornBytes > 0 || (!isRecord && outcome.next <= offset)
        return FilePage(
            bytes: builder.bytes, next: isDone ? max(following, offset) : outcome.next,
            lostBytes: outcome.damagedBytes + (isDone && outcome.next < segment.end ? segment.end - outcome.next : 0),
            skippedBytes: outcome.skippedBytes + (isDone && following > segment.end ? following - segment.end : 0))
    }

    /// Opens a segment's file; nil when it is missing. When the whole folder is missing, the method throws: nothing
    /// counts as lost, and nothing can be read at present.
    private func open(
        _ segment: Segment, _ partition: JournalPartition
    ) throws(StorageError) -> (any StorageFile)? {
        let path = partition.path(of: segment)
        if let file = try options.fileSystem.open(path, readOnly: true) {
            if losses.withLockedValue({ $0.remove("\(path) is missing") }) != nil {
                logger.notice("\(path) is there again")
            }
            return file
        }
        try requireFolder()
        // The folder may have come back in the meantime.
        return try options.fileSystem.open(path, readOnly: true)
    }

    /// Logs and counts the part of a segment that cannot be read, once per segment and reason.
    private func noteLoss(of bytes: UInt64, _ path: String, _ what: String) {
        guard losses.withLockedValue({ $0.insert("\(path) \(what)").inserted }) else { return }
        logger.error("\(path) \(what): \(bytes) bytes lost")
        progress.withLockedValue { $0.damagedBytes += bytes }
    }
}
