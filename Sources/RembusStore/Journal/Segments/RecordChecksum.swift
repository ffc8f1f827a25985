import CRembusChecksum

/// The checksum of a record at its place in the log: bytes that were once valid elsewhere are not valid here.
enum RecordChecksum {
    /// - Parameters:
    ///   - count: The message's length, 0 for a record whose message is not written.
    @inline(__always)
    static func compute(_ record: UnsafeRawPointer, count: Int, offset: UInt64) -> UInt32 {
        let word = UInt32(littleEndian: record.loadUnaligned(as: UInt32.self))
        let crc = rembus_crc32c_words(0, offset, UInt64(word))
        return rembus_crc32c(crc, record + 8, RecordFormat.headerBytes - 8 + count)
    }

    /// Fills in the checksum unless it is there already.
    @inline(__always)
    static func fill(_ record: UnsafeMutableRawPointer, count: Int, offset: UInt64) {
        let crc = compute(record, count: count, offset: offset).littleEndian
        if record.load(fromByteOffset: 4, as: UInt32.self) != crc {
            record.storeBytes(of: crc, toByteOffset: 4, as: UInt32.self)
        }
    }

    @inline(__always)
    static func isSound(_ record: UnsafeRawPointer, count: Int, offset: UInt64) -> Bool {
        UInt32(littleEndian: record.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            == compute(record, count: count, offset: offset)
    }
}
