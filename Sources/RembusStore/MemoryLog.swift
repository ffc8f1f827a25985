/// One partition of the in-memory store: records packed into segments, the oldest segment dropped when full.
///
/// A record is its length, its header and the message's bytes, padded to 8 bytes. Positions are byte offsets in the
/// endless log, so they stay valid while older segments go.
struct MemoryLog: ~Copyable {
    private struct Segment {
        var start: StorePosition
        var storage: UnsafeMutableRawBufferPointer
        var used = 0
        var firstReceivedAt: UInt64

        var end: StorePosition { start + UInt64(used) }
    }

    static let segmentBytes = 1 << 20
    private static let headerBytes = 32

    private var segments: [Segment] = []
    private var byteCount = 0
    /// The storage of the last segment dropped, to be used again: a ring in steady state touches no new memory.
    private var spare: UnsafeMutableRawBufferPointer?
    private let limit: Int

    init(limit: Int) {
        self.limit = max(limit, Self.segmentBytes)
    }

    deinit {
        for segment in segments { segment.storage.deallocate() }
        spare?.deallocate()
    }

    var endPosition: StorePosition { segments.last?.end ?? 0 }

    mutating func append(_ header: RecordHeader, message: UnsafeRawBufferPointer) {
        let length = (Self.headerBytes + message.count + 7) & ~7
        if segments.last.map({ $0.storage.count - $0.used < length }) ?? true {
            addSegment(holding: length, firstReceivedAt: header.receivedAt)
        }
        let last = segments.count - 1
        guard let base = segments[last].storage.baseAddress else { return }
        let record = base + segments[last].used
        record.storeBytes(of: UInt32(truncatingIfNeeded: message.count), as: UInt32.self)
        record.storeBytes(of: header.receivedAt, toByteOffset: 8, as: UInt64.self)
        record.storeBytes(of: header.topicHash, toByteOffset: 16, as: UInt64.self)
        record.storeBytes(of: header.publisher, toByteOffset: 24, as: UInt32.self)
        record.storeBytes(of: header.tenant, toByteOffset: 28, as: UInt32.self)
        if let source = message.baseAddress {
            (record + Self.headerBytes).copyMemory(from: source, byteCount: message.count)
        }
        segments[last].used += length
    }

    private mutating func addSegment(holding length: Int, firstReceivedAt: UInt64) {
        let start = endPosition
        let size = max(Self.segmentBytes, length)
        while byteCount + size > limit, !segments.isEmpty { dropOldest() }
        let storage: UnsafeMutableRawBufferPointer
        if let spare, spare.count >= size {
            storage = spare
            self.spare = nil
        } else {
            storage = .allocate(byteCount: size, alignment: 8)
        }
        byteCount += storage.count
        segments.append(Segment(start: start, storage: storage, firstReceivedAt: firstReceivedAt))
    }

    private mutating func dropOldest() {
        let oldest = segments.removeFirst()
        byteCount -= oldest.storage.count
        if spare == nil, oldest.storage.count == Self.segmentBytes {
            spare = oldest.storage
        } else {
            oldest.storage.deallocate()
        }
    }

    func position(after time: UInt64) -> StorePosition {
        guard let first = segments.first else { return 0 }
        // The last segment that began at or before `time` may hold the first record behind it.
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].firstReceivedAt <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first.start : segments[low - 1].start
    }

    func read(
        from position: StorePosition, _ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) -> (next: StorePosition, lostBytes: UInt64) {
        guard let first = segments.first else { return (position, 0) }
        let lost = position < first.start ? first.start - position : 0
        var (low, high) = (0, segments.count)
        while low < high {
            let middle = (low + high) / 2
            if segments[middle].end <= position { low = middle + 1 } else { high = middle }
        }
        var next = max(position, first.start)
        for segment in segments[low...] {
            guard let base = segment.storage.baseAddress else { continue }
            var offset = Int(next - segment.start)
            while offset < segment.used {
                let record = base + offset
                let count = Int(record.load(as: UInt32.self))
                let header = RecordHeader(
                    receivedAt: record.load(fromByteOffset: 8, as: UInt64.self),
                    topicHash: record.load(fromByteOffset: 16, as: UInt64.self),
                    publisher: record.load(fromByteOffset: 24, as: UInt32.self),
                    tenant: record.load(fromByteOffset: 28, as: UInt32.self))
                guard body(header, UnsafeRawBufferPointer(start: record + Self.headerBytes, count: count)) else {
                    return (segment.start + UInt64(offset), lost)
                }
                offset += (Self.headerBytes + count + 7) & ~7
            }
            next = segment.end
        }
        return (next, lost)
    }
}
