package import NIOCore

/// Some consecutive records of one partition, copied out of the log or the archive, with a cursor.
package struct StorePage: Sendable {
    /// Records in log form: a header of ``RecordFormat/headerBytes``, the message, padding to 8 bytes.
    private var bytes: ByteBuffer
    /// Where the log goes on behind this page.
    package let next: StorePosition
    /// Bytes of log that were gone before they could be read.
    package let lostBytes: UInt64
    /// Bytes of publications that were kept in memory only and are no longer there. A reader that fell behind misses
    /// them; for a reader that asks for the past they never existed.
    package let skippedBytes: UInt64

    package init(bytes: ByteBuffer, next: StorePosition, lostBytes: UInt64 = 0, skippedBytes: UInt64 = 0) {
        self.bytes = bytes
        self.next = next
        self.lostBytes = lostBytes
        self.skippedBytes = skippedBytes
    }

    /// The same records, behind which the reader goes on elsewhere.
    package func followed(by next: StorePosition) -> StorePage {
        StorePage(bytes: bytes, next: next, lostBytes: lostBytes, skippedBytes: skippedBytes)
    }

    /// Memory that the page takes, whatever was taken of it.
    package var byteCount: Int { bytes.capacity }

    /// True when every record has been taken.
    package var isEmpty: Bool { bytes.readableBytes < RecordFormat.headerBytes }

    /// Calls `body` with the records not yet taken until it returns false; that record stays on the page.
    package mutating func read(_ body: (RecordHeader, UnsafeRawBufferPointer) -> Bool) {
        let taken = bytes.withUnsafeReadableBytes { all in
            var offset = 0
            while case (var header, let message, let length)? = RecordFormat.record(in: all, at: offset) {
                // It may be of an earlier process, where hashes had another seed.
                header.topicHash = 0
                if header.isRecorded, !body(header, message) { break }
                offset += length
            }
            return offset
        }
        bytes.moveReaderIndex(forwardBy: taken)
    }
}
