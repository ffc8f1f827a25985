/// Reads the records of one segment file in order and verifies each; continues behind damaged bytes. For one thread at
/// a time.
final class SegmentReader {
    /// The result of a reading.
    struct Outcome {
        /// The offset of the first record not taken, or behind the last sound one.
        var next: UInt64
        /// Receive time of the last sound record; without one, the time given to ``read``.
        var lastReceivedAt: UInt64
        /// Bytes between sound records that are not part of a sound record.
        var damagedBytes: UInt64 = 0
        /// Bytes behind the last sound record up to the last nonzero byte: a write that a crash interrupted.
        var tornBytes: UInt64 = 0
        /// Bytes of publications that were not recorded.
        var skippedBytes: UInt64 = 0
    }

    private enum Found {
        case record(RecordHeader, count: Int, length: UInt64)
        case nothing
    }

    static let chunkBytes = 1 << 18
    /// A sound record behind damage is looked for among those received at most this much later (7 days): an arbitrary
    /// place in a message hardly ever looks like that, so that few checksums have to be computed.
    private static let plausibleGap: UInt64 = 7 * 86_400_000_000_000

    private let file: any StorageFile
    private let start: UInt64
    private(set) var buffer: UnsafeMutableRawBufferPointer
    /// The log offset of the buffer's first byte and the bytes there.
    private(set) var bufferStart: UInt64 = 0
    private(set) var bufferCount = 0

    init(_ file: any StorageFile, start: UInt64) {
        self.file = file
        self.start = start
        buffer = .allocate(byteCount: Self.chunkBytes, alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// Calls `body` with each sound record that was recorded, from `offset` to `end`, until it returns false.
    /// - Parameters:
    ///   - lastReceivedAt: The receive time before `offset`, 0 when unknown.
    ///   - body: Gets the record's offset and its bytes as they are in the file.
    func read(
        from offset: UInt64, to end: UInt64, lastReceivedAt: UInt64 = 0,
        _ body: (UInt64, RecordHeader, UnsafeRawBufferPointer) -> Bool
    ) throws(StorageError) -> Outcome {
        var outcome = Outcome(next: offset, lastReceivedAt: lastReceivedAt)
        while outcome.next < end {
            guard case .record(let header, let count, let length) = try record(at: outcome.next, end: end) else {
                // Mostly only the reserved space of the file follows, which may be large.
                guard let written = try firstNonzero(from: outcome.next, to: end) else { return outcome }
                guard let next = try soundRecord(after: outcome, from: written, end: end) else {
                    outcome.tornBytes = try lastNonzero(from: written, to: end) - outcome.next
                    return outcome
                }
                outcome.damagedBytes += next - outcome.next
                outcome.next = next
                continue
            }
            if header.isRecorded {
                let at = Int(outcome.next - bufferStart)
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[at..<at + RecordFormat.headerBytes + count])
                guard body(outcome.next, header, bytes) else { return outcome }
            } else {
                outcome.skippedBytes += length
            }
            outcome.lastReceivedAt = header.receivedAt
            outcome.next += length
        }
        return outcome
    }

    /// True when a sound record begins at `offset`.
    func isRecord(at offset: UInt64, end: UInt64) throws(StorageError) -> Bool {
        if case .record = try record(at: offset, end: end) { true } else { false }
    }

    private func record(at offset: UInt64, end: UInt64) throws(StorageError) -> Found {
        guard offset + UInt64(RecordFormat.headerBytes) <= end, try load(offset, count: RecordFormat.headerBytes) else {
            return .nothing
        }
        let (header, count) = RecordFormat.header(at: pointer(to: offset))
        let length = UInt64(RecordFormat.length(of: count))
        guard length <= end - offset, !isBlank(at: offset) else { return .nothing }
        let present = header.isRecorded ? count : 0
        guard try load(offset, count: RecordFormat.headerBytes + present),
            RecordChecksum.isSound(pointer(to: offset), count: present, offset: offset)
        else { return .nothing }
        return .record(header, count: present, length: length)
    }

    private func isBlank(at offset: UInt64) -> Bool {
        let header = pointer(to: offset)
        return header.loadUnaligned(as: UInt64.self) == 0
            && header.loadUnaligned(fromByteOffset: 8, as: UInt64.self) == 0
    }

    /// The next sound record behind a place where there is none; nil when there is none up to `end`.
    /// - Parameter written: Where the first byte lies that is not zero.
    private func soundRecord(
        after outcome: Outcome, from written: UInt64, end: UInt64
    ) throws(StorageError) -> UInt64? {
        var offset = outcome.next + max(8, Self.candidate(before: written, after: outcome.next))
        let (earliest, last) = (outcome.lastReceivedAt, outcome.lastReceivedAt)
        let latest = last == 0 ? UInt64.max : last + Self.plausibleGap
        while offset + UInt64(RecordFormat.headerBytes) <= end {
            guard try load(offset, count: RecordFormat.headerBytes) else { return nil }
            let (header, count) = RecordFormat.header(at: pointer(to: offset))
            if header.receivedAt > earliest, header.receivedAt <= latest,
                UInt64(RecordFormat.length(of: count)) <= end - offset,
                case .record = try record(at: offset, end: end)
            {
                return offset
            }
            guard try load(offset, count: RecordFormat.headerBytes), isBlank(at: offset) else {
                offset += 8
                continue
            }
            guard let next = try firstNonzero(from: offset, to: end) else { return nil }
            offset += max(8, Self.candidate(before: next, after: offset))
        }
        return nil
    }

    /// The distance from `offset` to the first place where a record may begin, when all bytes up to `written` are zero:
    /// the first 16 bytes of a record are never all zero.
    private static func candidate(before written: UInt64, after offset: UInt64) -> UInt64 {
        let words = (written - offset) / 8 * 8
        return words > 8 ? words - 8 : 0
    }

    @inline(__always)
    private func pointer(to offset: UInt64) -> UnsafeRawPointer {
        // `load` has checked that the bytes are in the buffer, and the buffer is never empty.
        UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + Int(offset - bufferStart))
    }

    /// Loads `count` bytes at `offset` into the buffer; false when the file has fewer.
    @inline(__always)
    private func load(_ offset: UInt64, count: Int) throws(StorageError) -> Bool {
        if offset >= bufferStart, offset + UInt64(count) <= bufferStart + UInt64(bufferCount) { return true }
        return try refill(offset, count: count)
    }

    func refill(_ offset: UInt64, count: Int) throws(StorageError) -> Bool {
        if count > buffer.count {
            buffer.deallocate()
            buffer = .allocate(byteCount: count, alignment: 64)
        }
        bufferStart = offset
        bufferCount = 0
        bufferCount = try file.read(into: buffer, at: offset - start + UInt64(SegmentFormat.headerBytes))
        return bufferCount >= count
    }
}
