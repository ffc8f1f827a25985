import Logging
import NIOConcurrencyHelpers
import NIOCore
import RembusSupport
import RembusWire

extension JournalPartition.State {
    /// Bytes that are written but not archived.
    var unarchivedBytes: UInt64 { writtenEnd > archivedOffset ? writtenEnd - archivedOffset : 0 }

    mutating func archive(through time: UInt64) {
        guard time > archivedTime else { return }
        archivedTime = time
        let offset = sourceCursor.flatMap { $0.time == time ? $0.offset : nil } ?? offset(after: time)
        archivedOffset = max(archivedOffset, min(offset, writtenEnd))
    }
}

extension JournalPartition.State {
    /// The receive time of the oldest record that is not in a file yet; nil without one.
    fileprivate var firstUnwrittenTime: UInt64? {
        guard recordedEnd > writtenEnd else { return nil }
        var time: UInt64?
        _ = log.read(from: writtenEnd) { header, _ in
            time = header.receivedAt
            return false
        }
        return time
    }
}

extension JournalStore: JournalSource {
    package var reach: JournalReach {
        var reach = JournalReach(accepted: [])
        for partition in shared.partitions {
            partition.withState { state in
                reach.accepted.append(state.recordedTime)
                if let time = state.firstUnwrittenTime { reach.readable = min(reach.readable, time - 1) }
            }
        }
        return reach
    }

    package func onWritten(_ body: (@Sendable () -> Void)?) {
        shared.onWritten.set(body)
    }

    package func writeOut(timeout: Duration) {
        let deadline = MonotonicClock.nanoseconds() + timeout.nanoseconds
        while reach.readable != .max {
            let now = MonotonicClock.nanoseconds()
            guard now < deadline else { return }
            let generation = shared.generation.change { $0 }
            guard reach.readable != .max else { return }
            shared.wake(.now)
            shared.generation.wait(until: deadline, { $0 != generation }, then: { _ in })
        }
    }

    package func page(partition: Int, after time: UInt64, maxBytes: Int) throws(StorageError) -> StorePage? {
        let partition = shared.partitions[partition]
        var offset = partition.withState { state in
            if let cursor = state.sourceCursor, cursor.time == time { return cursor.offset }
            return state.offset(after: time)
        }
        while true {
            let (page, lastTime) = try sourcePage(partition, from: offset, after: time, limit: maxBytes)
            guard let page else { return nil }
            if page.bytes.readableBytes > 0 {
                if let lastTime { partition.withState { $0.sourceCursor = (lastTime, page.next) } }
                return page.page
            }
            // All records from here on are too old or were not recorded.
            guard page.next > offset else { return nil }
            offset = page.next
        }
    }

    /// A page of written records, and the receive time of its last one.
    private func sourcePage(
        _ partition: JournalPartition, from offset: UInt64, after time: UInt64, limit: Int
    ) throws(StorageError) -> (page: JournalShared.FilePage?, lastTime: UInt64?) {
        let runs = partition.withState { state in
            offset >= state.log.startOffset ? state.log.runs(from: offset, to: state.writtenEnd) : nil
        }
        if let runs {
            guard !runs.isEmpty else { return (nil, nil) }
            return Self.page(of: runs, from: offset, after: time, limit: limit)
        }
        switch partition.withState({ $0.place(of: StorePosition.logBase + offset, hasArchive: false) }) {
        case .file(let segment, let begin, let following, let lost, let skipped):
            var page = try shared.page(
                of: segment, partition, from: begin, following: following, limit: limit, after: time)
            page.lostBytes += lost
            page.skippedBytes += skipped
            return (page, lastReceivedAt(in: page.bytes))
        case .memory, .archive:
            // Unrecorded publications that are no longer in memory.
            let start = partition.withState { $0.log.startOffset }
            return (JournalShared.FilePage(bytes: ByteBuffer(), next: start, lostBytes: 0, skippedBytes: 0), nil)
        }
    }

    /// Copies records out of memory, without the partition's lock.
    private static func page(
        of runs: [MemoryRun], from offset: UInt64, after time: UInt64, limit: Int
    ) -> (page: JournalShared.FilePage?, lastTime: UInt64?) {
        var builder = PageBuilder(limit: limit)
        var next = offset
        var lastTime: UInt64?
        for run in runs {
            let bytes = UnsafeRawBufferPointer(run.bytes)
            var at = 0
            while let (header, message, length) = RecordFormat.record(in: bytes, at: at) {
                if header.isRecorded, header.receivedAt > time {
                    let record = bytes[at..<at + RecordFormat.headerBytes + message.count]
                    guard builder.add(UnsafeRawBufferPointer(rebasing: record)) else {
                        return (builder.page(next: next), lastTime)
                    }
                    lastTime = header.receivedAt
                }
                at += length
                next = run.start + UInt64(at)
            }
        }
        return (builder.page(next: next), lastTime)
    }

    private func lastReceivedAt(in bytes: ByteBuffer) -> UInt64? {
        var last: UInt64?
        var page = StorePage(bytes: bytes, next: 0)
        page.read { header, _ in
            last = header.receivedAt
            return true
        }
        return last
    }

    package func archived(partition: Int, through time: UInt64) {
        shared.partitions[partition].withState { $0.archive(through: time) }
        shared.signal.change { signal in
            signal.isRetentionDue = true
            signal.hasWork = true
        }
    }

    package func name(of number: UInt32) -> String? {
        shared.names.name(of: number)
    }

    /// Numbers that records may contain although their names are unknown, because the file with the names was lost or
    /// damaged.
    package var numbersWithoutName: Set<UInt32> { shared.names.numbersWithoutName }

    /// Gives these numbers their names again. To be called before ``start()``.
    package func restoreNames(_ found: [UInt32: String]) throws(StorageError) {
        try shared.names.restore(found)
    }

    package var unarchivedBytes: UInt64 {
        shared.partitions.reduce(0) { sum, partition in sum + partition.withState { $0.unarchivedBytes } }
    }

    /// Calls `body` with every record in the files that was received after `time`, partition by partition. Blocks; meant
    /// for the time before ``start()``.
    package func forEachRecord(
        since time: UInt64,
        _ body: (_ header: RecordHeader, _ message: UnsafeRawBufferPointer, _ partition: Int) -> Void
    ) throws(StorageError) {
        for partition in shared.partitions {
            let segments = partition.withState { state in
                state.segments.filter { $0.lastReceivedAt > time }
            }
            for segment in segments {
                guard let file = try shared.options.fileSystem.open(partition.path(of: segment), readOnly: true) else {
                    continue
                }
                defer { file.close() }
                _ = try SegmentReader(file, start: segment.start).read(
                    from: segment.offset(after: time), to: segment.end
                ) { _, header, record in
                    if header.receivedAt > time {
                        let message = record[RecordFormat.headerBytes...]
                        body(header, UnsafeRawBufferPointer(rebasing: message), partition.number)
                    }
                    return true
                }
            }
        }
    }
}

extension PageBuilder {
    func page(next: UInt64) -> JournalShared.FilePage {
        JournalShared.FilePage(bytes: bytes, next: next, lostBytes: 0, skippedBytes: 0)
    }
}
