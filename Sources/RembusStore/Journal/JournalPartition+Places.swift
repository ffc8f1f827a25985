/// Where records are: in memory, in a segment, in the archive.
extension JournalPartition {
    enum Place {
        case memory
        /// In a segment file; behind the segment the log goes on at `following`.
        case file(Segment, offset: UInt64, following: UInt64, lostBytes: UInt64, skippedBytes: UInt64)
        /// In the archive, between two receive times; behind it the log goes on at an offset.
        case archive(after: UInt64, before: UInt64, following: UInt64)
    }
}

extension JournalPartition.State {
    /// The offset in the log of the first record received after `time`, or a little before it.
    func offset(after time: UInt64) -> UInt64 {
        if time >= lastReceivedAt { return log.endOffset }
        if let first = log.firstReceivedAt, first <= time { return log.offset(after: time) }
        let index = segments.partitioningIndex { $0.firstReceivedAt > time }
        return index == 0 ? startOffset : segments[index - 1].offset(after: time)
    }

    /// The position of the first record received after `time`: in the log when that reaches back so far, else a time.
    func position(after time: UInt64, hasArchive: Bool) -> StorePosition {
        if hasArchive, time < firstReceivedAt ?? .max, time < StorePosition.logBase { return time }
        return StorePosition.logBase + offset(after: time)
    }

    /// Reads from memory as far as `position` lies there.
    func read(
        from position: StorePosition, hasArchive: Bool, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> ReadOutcome {
        var position = position
        if position < StorePosition.logBase {
            position = self.position(after: position, hasArchive: hasArchive)
            guard position >= StorePosition.logBase else { return ReadOutcome(next: position, mustFetch: true) }
        }
        let offset = position - StorePosition.logBase
        let first = log.startOffset
        // What is not in memory is in a segment that ends behind it, or was in one.
        if offset < first, segments.last?.end ?? 0 > offset {
            return ReadOutcome(next: position, mustFetch: true)
        }
        let next = log.read(from: offset, body)
        return ReadOutcome(next: StorePosition.logBase + next, skippedBytes: offset < first ? first - offset : 0)
    }

    /// Where to fetch what follows `position`.
    func place(of position: StorePosition, hasArchive: Bool) -> JournalPartition.Place {
        if position < StorePosition.logBase {
            let translated = self.position(after: position, hasArchive: hasArchive)
            guard translated < StorePosition.logBase else {
                return fileOrMemory(translated - StorePosition.logBase, lostBytes: 0)
            }
            let before = firstReceivedAt ?? StorePosition.logBase - 1
            return .archive(after: position, before: before, following: startOffset)
        }
        let offset = position - StorePosition.logBase
        let start = startOffset
        guard offset < start else { return fileOrMemory(offset, lostBytes: 0) }
        // The segment is gone. The archive has its records under their receive times, from its first one on.
        let index = departed.partitioningIndex { $0.start > offset }
        if hasArchive, index > 0, let before = firstReceivedAt {
            return .archive(after: departed[index - 1].firstReceivedAt - 1, before: before, following: start)
        }
        return fileOrMemory(start, lostBytes: start - offset)
    }

    private func fileOrMemory(_ offset: UInt64, lostBytes: UInt64) -> JournalPartition.Place {
        let index = segments.partitioningIndex { $0.end > offset }
        guard index < segments.count else { return .memory }
        let segment = segments[index]
        let following = index + 1 < segments.count ? segments[index + 1].start : segment.end
        let begin = max(offset, segment.start)
        return .file(
            segment, offset: begin, following: following, lostBytes: lostBytes, skippedBytes: begin - offset)
    }
}
