/// The newest records of one partition in memory: records packed into blocks, the oldest block dropped when full.
///
/// Offsets are byte offsets in the endless log, so they stay valid while older blocks go.
struct MemoryLog: ~Copyable {
    private var blocks: [MemoryBlock] = []
    private var byteCount = 0
    /// The last block dropped, to be reused: a log at its limit allocates no memory.
    private var spare: MemoryBlock?
    private let limit: Int
    private let blockBytes: Int
    private let origin: UInt64

    /// - Parameters:
    ///   - limit: Bytes to keep; at least 64 KiB. One record that is larger is kept alone.
    ///   - start: The offset of the first record.
    init(limit: Int, start: UInt64 = 0) {
        self.limit = max(limit, 1 << 16)
        // Small blocks for small logs: the log gives up one block at a time.
        blockBytes = min(max(self.limit / 16, 1 << 14), 1 << 20)
        origin = start
    }

    /// The offset of the oldest record in memory.
    var startOffset: UInt64 { blocks.first?.start ?? origin }
    /// The offset behind the newest record.
    var endOffset: UInt64 { blocks.last?.end ?? origin }
    /// The receive time of the oldest record in memory; nil when there is none.
    var firstReceivedAt: UInt64? { blocks.first?.firstReceivedAt }
    /// The receive time of the newest record; nil when there is none.
    var lastReceivedAt: UInt64? { blocks.last?.lastReceivedAt }

    /// Adds a record, dropping the oldest where room is needed. False, and nothing is added, when the room would be taken
    /// from records that end behind `floor` – unless the log may exceed its limit, until those are done with.
    @inline(__always)
    mutating func append(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, floor: UInt64 = .max, mayExceed: Bool = false
    ) -> Bool {
        let length = RecordFormat.length(of: message.count)
        if blocks.last?.hasRoom(for: length) != true {
            guard addBlock(holding: length, floor: floor, mayExceed: mayExceed) else { return false }
        }
        blocks[blocks.count - 1].append(header, message: message, length: length)
        return true
    }

    private mutating func addBlock(holding length: Int, floor: UInt64, mayExceed: Bool) -> Bool {
        let start = endOffset
        let size = max(blockBytes, length)
        while byteCount + size > limit, let oldest = blocks.first {
            guard oldest.end <= floor else {
                if mayExceed { break }
                return false
            }
            dropOldest()
        }
        let block: MemoryBlock
        // A reader may still hold the spare block; then it cannot be reused yet.
        if size == blockBytes, spare != nil, isKnownUniquelyReferenced(&spare), let spare {
            block = spare
            block.restart(at: start)
            self.spare = nil
        } else {
            block = MemoryBlock(start: start, capacity: size)
        }
        byteCount += block.storage.count
        blocks.append(block)
        return true
    }

    private mutating func dropOldest() {
        let oldest = blocks.removeFirst()
        byteCount -= oldest.storage.count
        if oldest.storage.count == blockBytes { spare = oldest }
    }

    /// The offset of a record in memory at or shortly before the first one received after `time`.
    func offset(after time: UInt64) -> UInt64 {
        // The last block that began at or before `time` may hold the first record behind it.
        let index = blocks.partitioningIndex { $0.firstReceivedAt > time }
        return index == 0 ? startOffset : blocks[index - 1].start
    }

    /// What is in memory from `offset` to `end`, block by block.
    func runs(from offset: UInt64, to end: UInt64) -> [MemoryRun] {
        var runs: [MemoryRun] = []
        for block in blocks[blocks.partitioningIndex(where: { $0.end > offset })...] {
            let start = max(offset, block.start)
            let stop = min(end, block.end)
            guard start < stop else { break }
            runs.append(MemoryRun(block: block, start: start, end: stop, blockStart: block.start))
        }
        return runs
    }

    /// Calls `body` with the records from `offset` on until it returns false. Returns the offset of the first record not
    /// taken. Records before the oldest one in memory are passed over.
    func read(from offset: UInt64, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool) -> UInt64 {
        var next = max(offset, startOffset)
        for block in blocks[blocks.partitioningIndex(where: { $0.end > offset })...] {
            guard let base = block.storage.baseAddress else { continue }
            var position = Int(next - block.start)
            while position < block.used {
                let record = UnsafeRawPointer(base + position)
                let (header, count) = RecordFormat.header(at: record)
                let message = UnsafeRawBufferPointer(start: record + RecordFormat.headerBytes, count: count)
                guard body(header, message) else { return block.start + UInt64(position) }
                position += RecordFormat.length(of: count)
            }
            next = block.end
        }
        return next
    }
}

extension RandomAccessCollection {
    /// The index of the first element for which `belongsBehind` is true, where all before it are false and all behind it
    /// are true.
    func partitioningIndex(where belongsBehind: (Element) -> Bool) -> Index {
        var low = startIndex
        var count = self.count
        while count > 0 {
            let half = count / 2
            let middle = index(low, offsetBy: half)
            if belongsBehind(self[middle]) {
                count = half
            } else {
                low = index(after: middle)
                count -= half + 1
            }
        }
        return low
    }
}
