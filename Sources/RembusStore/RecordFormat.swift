/// How a record lies in memory and on disk: 32 bytes of header, the message, zeros up to a multiple of 8.
///
/// ```
/// 0  UInt32  message length; the top bit marks a record that was not recorded: on disk its message is not written
/// 4  UInt32  CRC-32C of the record's offset in its log (8 bytes) and of header and message with zeros here; filled in when
///            the record is written to disk
/// 8  UInt64  receive time
/// 16 UInt64  topic hash, meaningful within one process
/// 24 UInt32  publisher number
/// 28 UInt32  tenant number
/// ```
/// All integers are little-endian.
package enum RecordFormat {
    package static let headerBytes = 32
    /// Set in the length of a record that is kept in memory only.
    package static let unrecorded: UInt32 = 1 << 31

    /// Bytes that a message of `count` bytes takes in the log.
    @inline(__always)
    package static func length(of count: Int) -> Int { (headerBytes + count + 7) & ~7 }

    /// Writes a record; `target` has room for ``length(of:)`` bytes and is 8-byte aligned.
    @inline(__always)
    package static func write(
        _ header: RecordHeader, message: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer
    ) {
        let flag = header.isRecorded ? 0 : unrecorded
        // The padding is written first, because header and message overwrite part of it.
        target.storeBytes(of: 0, toByteOffset: length(of: message.count) - 8, as: UInt64.self)
        target.storeBytes(of: (UInt32(truncatingIfNeeded: message.count) | flag).littleEndian, as: UInt32.self)
        target.storeBytes(of: 0, toByteOffset: 4, as: UInt32.self)
        target.storeBytes(of: header.receivedAt.littleEndian, toByteOffset: 8, as: UInt64.self)
        target.storeBytes(of: header.topicHash, toByteOffset: 16, as: UInt64.self)
        target.storeBytes(of: header.publisher.littleEndian, toByteOffset: 24, as: UInt32.self)
        target.storeBytes(of: header.tenant.littleEndian, toByteOffset: 28, as: UInt32.self)
        if let source = message.baseAddress {
            (target + headerBytes).copyMemory(from: source, byteCount: message.count)
        }
    }

    /// The header at `record` and the message's length.
    @inline(__always)
    package static func header(at record: UnsafeRawPointer) -> (header: RecordHeader, count: Int) {
        let word = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
        let header = RecordHeader(
            receivedAt: UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            topicHash: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
            publisher: UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 24, as: UInt32.self)),
            tenant: UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 28, as: UInt32.self)),
            isRecorded: word & unrecorded == 0)
        return (header, Int(word & ~unrecorded))
    }

    /// The record at `offset` with its length in the log; nil when none lies wholly inside `bytes`.
    package static func record(
        in bytes: UnsafeRawBufferPointer, at offset: Int
    ) -> (header: RecordHeader, message: UnsafeRawBufferPointer, length: Int)? {
        guard offset >= 0, offset + headerBytes <= bytes.count, let base = bytes.baseAddress else { return nil }
        let (header, count) = header(at: base + offset)
        let length = length(of: count)
        guard offset + length <= bytes.count else { return nil }
        return (header, UnsafeRawBufferPointer(start: base + offset + headerBytes, count: count), length)
    }
}
