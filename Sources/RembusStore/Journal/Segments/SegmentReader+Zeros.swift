#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Looks for bytes that are not zero. A segment file that was in writing ends with the zeros reserved for it, so a
/// start after a crash passes over many of them; they are compared in chunks.
extension SegmentReader {
    /// The place of the first nonzero byte from `offset` on; nil when there is none up to `end`.
    func firstNonzero(from offset: UInt64, to end: UInt64) throws(StorageError) -> UInt64? {
        var at = offset
        while at < end, let chunk = try chunk(at: at, to: end) {
            if !Self.isZero(chunk), let index = chunk.firstIndex(where: { $0 != 0 }) { return at + UInt64(index) }
            at += UInt64(chunk.count)
        }
        return nil
    }

    /// The place behind the last nonzero byte; `offset` when there is none up to `end`.
    func lastNonzero(from offset: UInt64, to end: UInt64) throws(StorageError) -> UInt64 {
        var end = end
        while end > offset {
            let start = end - min(UInt64(Self.chunkBytes), end - offset)
            // There are no bytes behind the end of the file.
            if try refill(start, count: 1) {
                let chunk = UnsafeRawBufferPointer(rebasing: buffer[..<min(bufferCount, Int(end - start))])
                if !Self.isZero(chunk), let index = chunk.lastIndex(where: { $0 != 0 }) {
                    return start + UInt64(index) + 1
                }
            }
            end = start
        }
        return offset
    }

    /// Some bytes at `offset`: those in the buffer if there are any, otherwise read from the file. Nil behind the end
    /// of the file.
    private func chunk(at offset: UInt64, to end: UInt64) throws(StorageError) -> UnsafeRawBufferPointer? {
        let isInMemory = offset >= bufferStart && offset < bufferStart + UInt64(bufferCount)
        if !isInMemory, try !refill(offset, count: 1) { return nil }
        let first = Int(offset - bufferStart)
        let count = min(bufferCount - first, Int(clamping: end - offset))
        return UnsafeRawBufferPointer(rebasing: buffer[first..<first + count])
    }

    /// Whether all bytes are zero: the first byte is zero, and each byte equals the one before it. The library's
    /// comparison takes many bytes at a time.
    private static func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress, bytes[0] == 0 else { return bytes.isEmpty }
        return memcmp(base, base + 1, bytes.count - 1) == 0
    }
}
