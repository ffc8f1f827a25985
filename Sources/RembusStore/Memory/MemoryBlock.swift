/// A stretch of one partition's log in memory: whole records, one behind the other.
///
/// Bytes below a length that was once read under the log's lock are never written again while somebody holds the block
/// (but for the checksum field, which belongs to the journal's writer thread), so that they can be read without the lock.
/// Everything else is touched under the lock only, hence unchecked.
final class MemoryBlock: @unchecked Sendable {
    private(set) var start: UInt64
    private(set) var used = 0
    private(set) var firstReceivedAt: UInt64 = 0
    private(set) var lastReceivedAt: UInt64 = 0
    let storage: UnsafeMutableRawBufferPointer

    init(start: UInt64, capacity: Int) {
        self.start = start
        storage = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit {
        storage.deallocate()
    }

    @inline(__always)
    var end: UInt64 { start + UInt64(used) }

    @inline(__always)
    func hasRoom(for length: Int) -> Bool { storage.count - used >= length }

    /// Adds a record; the caller has checked that there is room.
    @inline(__always)
    func append(_ header: RecordHeader, message: UnsafeRawBufferPointer, length: Int) {
        guard let base = storage.baseAddress else { return }
        RecordFormat.write(header, message: message, to: base + used)
        if used == 0 { firstReceivedAt = header.receivedAt }
        lastReceivedAt = header.receivedAt
        used += length
    }

    /// Empties the block and gives it a new start. No one else may hold it.
    func restart(at offset: UInt64) {
        start = offset
        used = 0
    }
}

/// Some whole records of a block, which stay readable without the log's lock.
struct MemoryRun: Sendable {
    let block: MemoryBlock
    /// Log offsets of the first byte and of the end.
    let start: UInt64
    let end: UInt64
    /// Where the block begins, read under the lock.
    let blockStart: UInt64

    /// The run's bytes; valid while the run exists.
    var bytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: block.storage[Int(start - blockStart)..<Int(end - blockStart)])
    }
}
