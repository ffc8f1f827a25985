/// What is known about a segment file without opening it.
struct Segment: Sendable, Equatable {
    /// A place to start reading from.
    struct Mark: Sendable, Equatable {
        var offset: UInt64
        /// The receive time of the record there.
        var receivedAt: UInt64
    }

    /// Bytes of log between two marks, approximately.
    static let markDistance: UInt64 = 1 << 20

    /// Log offsets of the first record and behind the last one.
    let start: UInt64
    var end: UInt64
    let firstReceivedAt: UInt64
    var lastReceivedAt: UInt64
    /// The largest publisher or tenant number in its records.
    var largestNumber: UInt32 = 0
    /// Ascending; the first is the first record.
    var marks: [Mark] = []

    init(start: UInt64, firstReceivedAt: UInt64) {
        self.start = start
        end = start
        self.firstReceivedAt = firstReceivedAt
        lastReceivedAt = firstReceivedAt
    }

    /// Bytes on disk, approximately.
    var byteCount: UInt64 { end - start + UInt64(SegmentFormat.headerBytes) }

    /// Notes a record; noting the same record twice is harmless.
    @inline(__always)
    mutating func note(_ header: RecordHeader, at offset: UInt64) {
        lastReceivedAt = max(lastReceivedAt, header.receivedAt)
        largestNumber = max(largestNumber, header.publisher, header.tenant)
        guard let last = marks.last else {
            marks.append(Mark(offset: offset, receivedAt: header.receivedAt))
            return
        }
        if offset >= last.offset + Self.markDistance {
            marks.append(Mark(offset: offset, receivedAt: header.receivedAt))
        }
    }

    /// Where to read from for the records received after `time`.
    func offset(after time: UInt64) -> UInt64 {
        let index = marks.partitioningIndex { $0.receivedAt > time }
        return index == 0 ? start : marks[index - 1].offset
    }

    /// The beginning of a record at or before `offset`.
    func mark(before offset: UInt64) -> UInt64 {
        let index = marks.partitioningIndex { $0.offset > offset }
        return index == 0 ? start : marks[index - 1].offset
    }

    var fileName: String { Self.fileName(start: start) }

    static func fileName(start: UInt64) -> String {
        let digits = String(start, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + ".seg"
    }

    /// The start offset in a segment's file name; nil for other files.
    static func start(fileName: String) -> UInt64? {
        guard fileName.hasSuffix(".seg"), fileName.utf8.count == 20,
            let start = UInt64(fileName.dropLast(4), radix: 16),
            start < StorePosition.logBase, start % 8 == 0
        else { return nil }
        return start
    }
}
