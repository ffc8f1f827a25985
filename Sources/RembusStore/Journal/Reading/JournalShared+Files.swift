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
        guard let file = try options.fileSystem.open(partition.path(of: segment), readOnly: true) else {
            guard partition.withState({ $0.segments.contains { $0.start == segment.start } }) else {
                // It was deleted since its place was looked up; the next look-up knows.
                return FilePage(bytes: ByteBuffer(), next: offset, lostBytes: 0, skippedBytes: 0)
            }
            logger.error("\(partition.path(of: segment)) is missing: \(segment.end - offset) bytes lost")
            return FilePage(
                bytes: ByteBuffer(), next: following, lostBytes: segment.end - offset, skippedBytes: 0)
        }
        defer { file.close() }
        let reader = SegmentReader(file, start: segment.start)
        // A position inside a stretch of unrecorded publications is no beginning of a record on the disk.
        let isRecord = try reader.isRecord(at: offset, end: segment.end)
        var builder = PageBuilder(limit: limit)
        let outcome = try reader.read(from: isRecord ? offset : segment.mark(before: offset), to: segment.end) {
            at, header, record in
            at < offset || header.receivedAt <= time || builder.add(record)
        }
        if outcome.damagedBytes + outcome.tornBytes > 0 {
            logger.error(
                "\(partition.path(of: segment)) is damaged: \(outcome.damagedBytes + outcome.tornBytes) bytes lost")
            progress.withLockedValue { $0.damagedBytes += outcome.damagedBytes + outcome.tornBytes }
        }
        // Nothing sound may be left of it: then the log goes on behind it all the same.
        let isDone = outcome.next >= segment.end || outcome.tornBytes > 0 || (!isRecord && outcome.next <= offset)
        return FilePage(
            bytes: builder.bytes, next: isDone ? max(following, offset) : outcome.next,
            lostBytes: outcome.damagedBytes + (isDone && outcome.next < segment.end ? segment.end - outcome.next : 0),
            skippedBytes: outcome.skippedBytes + (isDone && following > segment.end ? following - segment.end : 0))
    }
}
